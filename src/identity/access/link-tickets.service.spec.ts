import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../config.js';
import { LinkTickets } from './link-tickets.service.js';

const SERVERS = { NODE_ENV: 'test', REDIS_URL: 'redis://127.0.0.1:1', DATABASE_URL: 'mysql://127.0.0.1:1/test' };
const SECRET = 'a secret that all instances of a test have';

let now = Date.parse('2026-11-20T09:00:00Z');
const clock = { now: () => new Date(now) };
const ticketsOf = (env: NodeJS.ProcessEnv) => new LinkTickets(loadConfig({ ...SERVERS, ...env }), clock);

describe('LinkTickets', () => {
  it('are for one path and for a minute', () => {
    const tickets = ticketsOf({});
    const { ticket, expiresAt } = tickets.give('/a/1');
    expect(expiresAt.getTime() - now).toBe(60_000);
    expect([tickets.isValid(ticket, '/a/1'), tickets.isValid(ticket, '/a/11'), tickets.isValid('', '/a/1')]).toEqual([
      true,
      false,
      false,
    ]);
    now += 60_000;
    expect(tickets.isValid(ticket, '/a/1')).toBe(false);
  });

  it('count at other instances when these have the same secret', () => {
    const { ticket } = ticketsOf({ IDENTITY_LINK_SECRET: SECRET }).give('/a');
    expect(ticketsOf({ IDENTITY_LINK_SECRET: SECRET }).isValid(ticket, '/a')).toBe(true);
    expect(ticketsOf({}).isValid(ticket, '/a')).toBe(false);
  });
});
