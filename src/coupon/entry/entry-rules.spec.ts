import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../config.js';
import { ValidationFailedError } from '../../platform/errors/platform.errors.js';
import { EntryRules } from './entry-rules.service.js';

const SECRET = 'a secret for the tickets of this test';
const BASE = { REDIS_URL: 'redis://127.0.0.1:6379', DATABASE_URL: 'mysql://root:pass@127.0.0.1:3306/firstcome' };
const TRUSTED = {
  ...BASE,
  NODE_ENV: 'production',
  ADMIN_TOKEN: 'a token that is long enough for production',
  IDENTITY_MODE: 'trusted-callers',
};
const REQUIRED = {
  ...TRUSTED,
  IDENTITY_MODE: 'required',
  IDENTITY_SECRET: 'a secret for the tokens of this test, too',
  IDENTITY_ISSUER: 'https://issuer.example',
  IDENTITY_AUDIENCE: 'firstcome',
};

function refusedWith(env: NodeJS.ProcessEnv, terms: Parameters<EntryRules['assertKeepable']>[0]): string {
  try {
    new EntryRules(loadConfig(env)).assertKeepable(terms);
  } catch (error) {
    if (error instanceof ValidationFailedError) return error.message;
    throw error;
  }
  return 'nothing';
}

describe('EntryRules', () => {
  const BY_TICKET = { entry: 'ticket', challenge: 'none' } as const;
  const BY_CHALLENGE = { entry: 'ticket', challenge: 'turnstile' } as const;

  it('lets a coupon be open with no setting at all, and looks at nothing that is not named', () => {
    for (const terms of [{ entry: 'open', challenge: 'none' } as const, { entry: 'open' } as const, {}]) {
      expect(refusedWith(TRUSTED, terms)).toBe('nothing');
    }
  });

  it('wants a secret for tickets, and in production users who are known by their tokens', () => {
    const secret = 'entry: needs the setting entryTickets.secret (ENTRY_TICKET_SECRET) to be set';
    const identity = 'entry: needs the setting identity.mode (IDENTITY_MODE) to be required';
    expect(refusedWith(TRUSTED, BY_TICKET)).toBe(`${secret}; ${identity}`);
    expect(refusedWith(REQUIRED, BY_TICKET)).toBe(secret);
    expect(refusedWith({ ...TRUSTED, ENTRY_TICKET_SECRET: SECRET }, BY_TICKET)).toBe(identity);
    expect(refusedWith({ ...REQUIRED, ENTRY_TICKET_SECRET: SECRET }, BY_TICKET)).toBe('nothing');
  });

  it('wants the secret key of Turnstile for its challenge', () => {
    const env = { ...REQUIRED, ENTRY_TICKET_SECRET: SECRET };
    expect(refusedWith(env, BY_CHALLENGE)).toBe(
      'challenge: needs the setting entryTickets.turnstile.secretKey (ENTRY_TICKET_TURNSTILE_SECRET_KEY) to be set',
    );
    expect(refusedWith({ ...env, ENTRY_TICKET_TURNSTILE_SECRET_KEY: 'key' }, BY_CHALLENGE)).toBe('nothing');
  });

  it('has a secret under local and test, where callers are trusted', () => {
    for (const NODE_ENV of ['local', 'test']) expect(refusedWith({ ...BASE, NODE_ENV }, BY_TICKET)).toBe('nothing');
  });
});
