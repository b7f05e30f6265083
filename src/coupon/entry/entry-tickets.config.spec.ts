import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../config.js';
import { ConfigError } from '../../platform/config/read-config.js';

const SECRET = 'a secret for the tickets of this test';
const VERIFY_URL = 'https://challenges.cloudflare.com/turnstile/v0/siteverify';
const LOCAL = {
  NODE_ENV: 'local',
  REDIS_URL: 'redis://127.0.0.1:6379',
  DATABASE_URL: 'mysql://root:pass@127.0.0.1:3306/firstcome',
};
const PRODUCTION = {
  ...LOCAL,
  NODE_ENV: 'production',
  ADMIN_TOKEN: 'a token that is long enough for production',
  IDENTITY_MODE: 'trusted-callers',
};

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the settings of entry tickets', () => {
  it('have a secret that everyone knows under local and test, and none in production', () => {
    expect(loadConfig(LOCAL).entryTickets).toEqual({
      secret: 'local-entry-tickets-are-no-secret',
      turnstile: { verifyUrl: VERIFY_URL },
    });
    expect(loadConfig(PRODUCTION).entryTickets).toEqual({ turnstile: { verifyUrl: VERIFY_URL } });
  });

  it('want secrets of 32 characters, and print none', () => {
    const [short, long] = ['x'.repeat(31), 'x'.repeat(32)];
    expect(problemsOf({ ...LOCAL, ENTRY_TICKET_SECRET: long, ENTRY_TICKET_PREVIOUS_SECRET: long })).toEqual([]);
    expect(problemsOf({ ...LOCAL, ENTRY_TICKET_SECRET: short, ENTRY_TICKET_PREVIOUS_SECRET: short })).toEqual([
      'entryTickets.secret (ENTRY_TICKET_SECRET) is not valid: must have at least 32 characters',
      'entryTickets.previousSecret (ENTRY_TICKET_PREVIOUS_SECRET) is not valid: must have at least 32 characters',
    ]);
  });

  it('want a secret that signs beside the one that is accepted, too', () => {
    expect(problemsOf({ ...PRODUCTION, ENTRY_TICKET_PREVIOUS_SECRET: SECRET })).toEqual([
      'entryTickets.previousSecret (ENTRY_TICKET_PREVIOUS_SECRET) is not valid: must not be set without entryTickets.secret (ENTRY_TICKET_SECRET), which signs',
    ]);
  });

  it('send the secret key of Turnstile over TLS alone in production', () => {
    const plain = { ENTRY_TICKET_TURNSTILE_VERIFY_URL: 'http://127.0.0.1/siteverify' };
    expect(problemsOf({ ...LOCAL, ...plain })).toEqual([]);
    expect(problemsOf({ ...PRODUCTION, ...plain })).toEqual([
      'entryTickets.turnstile.verifyUrl (ENTRY_TICKET_TURNSTILE_VERIFY_URL) is "http://127.0.0.1/siteverify": must begin with https:// in production: the secret key is sent there',
    ]);
  });
});
