import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { loadConfig } from '../../config.js';
import { Clock } from '../../platform/clock.js';
import { DomainError } from '../../platform/errors/domain-error.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { OPEN_ENTRY } from '../entry-terms.js';
import type { CouponDefinition } from '../reservation/coupon-definition.js';
import { EntryMetrics } from './entry-metrics.js';
import { EntryTickets } from './entry-tickets.service.js';

const STARTS_AT = Date.parse('2026-11-20T09:00:00Z');
const DEFINITION: CouponDefinition = {
  couponId: 42,
  name: 'Test coupon',
  capacity: 10,
  startsAt: STARTS_AT,
  expiresAt: STARTS_AT + 86_400_000,
  isActive: true,
  audience: 'anyone',
  strategy: 'reservation',
  codeFormat: 'none',
  ...OPEN_ENTRY,
  entry: 'ticket',
  version: 1,
};
const ENV = { REDIS_URL: 'redis://127.0.0.1:6379', DATABASE_URL: 'mysql://root:pass@127.0.0.1:3306/firstcome' };
const WITHOUT_SECRET = {
  ...ENV,
  NODE_ENV: 'production',
  ADMIN_TOKEN: 'a token that is long enough for production',
  IDENTITY_MODE: 'trusted-callers',
};

class SetClock extends Clock {
  time = STARTS_AT;

  override now(): Date {
    return new Date(this.time);
  }
}

describe('EntryTickets', () => {
  const logged = jest.fn();
  const clock = new SetClock();
  let tickets: EntryTickets;

  const ticketsOf = (env: NodeJS.ProcessEnv) =>
    new EntryTickets(clock, new EntryMetrics(new MetricsRegistry()), loadConfig(env));

  beforeEach(() => {
    logged.mockClear();
    jest.spyOn(Logger.prototype, 'error').mockImplementation(logged);
    clock.time = STARTS_AT;
    tickets = ticketsOf({ ...ENV, NODE_ENV: 'test' });
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** Of a check at this time: `in`, or the refusal's code and after how many seconds to try again. */
  function checkedAt(time: number, ticket: string | undefined, definition = DEFINITION, by = tickets): string {
    clock.time = time;
    try {
      by.check(definition, 1042, ticket);
      return 'in';
    } catch (error) {
      if (error instanceof DomainError) return `${error.code} ${error.retryAfterSeconds ?? ''}`.trim();
      throw error;
    }
  }

  it('let in from their first millisecond on, and until the last of ten minutes', () => {
    const notBefore = STARTS_AT + 3_172;
    const { ticket, ...times } = tickets.give(42, 1042, notBefore);
    expect(times).toEqual({ notBefore: new Date(notBefore), expiresAt: new Date(notBefore + 600_000) });
    expect(checkedAt(notBefore - 1, ticket)).toBe('ENTRY_TICKET_TOO_EARLY 1');
    expect(checkedAt(notBefore, ticket)).toBe('in');
    expect(checkedAt(notBefore + 599_999, ticket)).toBe('in');
    expect(checkedAt(notBefore + 600_000, ticket)).toBe('ENTRY_TICKET_INVALID');
  });

  it('say how many seconds are left, rounded up', () => {
    const { ticket } = tickets.give(42, 1042, STARTS_AT + 3_000);
    expect(checkedAt(STARTS_AT, ticket)).toBe('ENTRY_TICKET_TOO_EARLY 3');
    expect(checkedAt(STARTS_AT - 1, ticket)).toBe('ENTRY_TICKET_TOO_EARLY 4');
    expect(checkedAt(STARTS_AT + 2_999, ticket)).toBe('ENTRY_TICKET_TOO_EARLY 1');
  });

  it('do not count when the start was moved behind them', () => {
    const { ticket } = tickets.give(42, 1042, STARTS_AT + 3_000);
    const [before, behind] = [3_000, 3_001].map((ms) => ({ ...DEFINITION, startsAt: STARTS_AT + ms }));
    expect(checkedAt(STARTS_AT + 3_000, ticket, before)).toBe('in');
    expect(checkedAt(STARTS_AT + 3_000, ticket, behind)).toBe('ENTRY_TICKET_INVALID');
  });

  it('are not looked at where the coupon is open', () => {
    const open: CouponDefinition = { ...DEFINITION, entry: 'open' };
    for (const ticket of [undefined, 'garbage']) expect(checkedAt(STARTS_AT, ticket, open)).toBe('in');
    expect(checkedAt(STARTS_AT, undefined, open, ticketsOf(WITHOUT_SECRET))).toBe('in');
  });

  it('let nobody in where the secret is missing, which is said once', () => {
    const { ticket } = tickets.give(42, 1042, STARTS_AT);
    const without = ticketsOf(WITHOUT_SECRET);
    for (let call = 0; call < 3; call += 1) {
      expect(checkedAt(STARTS_AT, ticket, DEFINITION, without)).toBe('RESERVATION_UNAVAILABLE 1');
      expect(() => without.give(42, 1042, STARTS_AT)).toThrow('Coupon 42');
    }
    expect(logged.mock.calls).toEqual([
      [expect.stringContaining('entryTickets.secret (ENTRY_TICKET_SECRET) is missing')],
    ]);
  });
});
