import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { EventEmitter, once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fromDriver } from '../../platform/database/database-errors.js';
import type { CouponConfig } from '../coupon.config.js';
import { CouponGoneError } from './issuance-errors.js';
import type { IssuanceMetrics } from './issuance-metrics.js';
import type { Decision, Ledger } from './ledger.service.js';
import { RetryingLedger } from './retrying-ledger.service.js';

const BATCH = [
  { userId: 1001, sequenceNumber: 1 },
  { userId: 1002, sequenceNumber: 2 },
];
const DECISION: Decision = { issued: BATCH, failed: [] };
const LOCK_WAIT = fromDriver(Object.assign(new Error('Lock wait timeout exceeded'), { errno: 1205 }));
const DEADLOCK = fromDriver(Object.assign(new Error('Deadlock found'), { errno: 1213, sqlState: '40001' }));
const REFUSED = fromDriver(Object.assign(new Error('Out of range value'), { errno: 1264, sqlState: '22003' }));

describe('RetryingLedger', () => {
  const decide = jest.fn<Ledger['decide']>();
  const refuse = jest.fn<Ledger['refuse']>();
  const countRetry = jest.fn();
  const onRetry = jest.fn();
  const warn = jest.fn();
  const log = jest.fn();
  let stop: AbortController;
  let ledger: RetryingLedger;

  beforeEach(() => {
    for (const mock of [decide, refuse, countRetry, onRetry, warn, log]) mock.mockReset();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(warn);
    jest.spyOn(Logger.prototype, 'log').mockImplementation(log);
    stop = new AbortController();
    ledger = new RetryingLedger(
      { decide, refuse } as unknown as Ledger,
      { retries: { inc: countRetry } } as unknown as IssuanceMetrics,
      { coupon: { issuance: { retryMaxDelayMs: 1, maxRetrying: 1 } } } as CouponConfig,
    );
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  const ask = (couponId = 7, batch = BATCH) => ledger.decide(couponId, batch, { stop: stop.signal, onRetry });

  it('asks again until it succeeds, and says once that it does', async () => {
    decide.mockRejectedValueOnce(LOCK_WAIT).mockRejectedValueOnce(LOCK_WAIT).mockResolvedValueOnce(DECISION);
    expect(await ask()).toBe(DECISION);
    expect([decide, countRetry, onRetry, warn].map(({ mock }) => mock.calls.length)).toEqual([3, 2, 1, 1]);
  });

  it('takes a deadlock for no failure, and says of many that there are some', async () => {
    for (let batch = 1; batch <= 3; batch += 1) {
      decide.mockRejectedValueOnce(DEADLOCK).mockRejectedValueOnce(DEADLOCK).mockResolvedValueOnce(DECISION);
      expect(await ask()).toBe(DECISION);
    }
    expect([countRetry, onRetry, warn, log].map(({ mock }) => mock.calls.length)).toEqual([6, 0, 1, 0]);
  });

  it('takes deadlocks that do not end for trouble of the coupon', async () => {
    for (let time = 1; time <= 12; time += 1) decide.mockRejectedValueOnce(DEADLOCK);
    decide.mockResolvedValueOnce(DECISION);
    expect(await ask()).toBe(DECISION);
    expect([countRetry, onRetry, warn, log].map(({ mock }) => mock.calls.length)).toEqual([12, 1, 2, 1]);
  });

  it('says nothing of a batch that is decided, or refused for good, at once', async () => {
    decide.mockResolvedValueOnce(DECISION).mockRejectedValueOnce(REFUSED);
    expect([await ask(), await ask()]).toEqual([DECISION, 'REFUSED']);
    expect(onRetry).not.toHaveBeenCalled();
  });

  it('does not ask again about a coupon that is gone, also when only its refusal is to be recorded', async () => {
    decide.mockRejectedValueOnce(new CouponGoneError(7));
    await expect(ask()).rejects.toThrow(CouponGoneError);
    decide.mockRejectedValueOnce(REFUSED);
    refuse.mockRejectedValueOnce(new CouponGoneError(7));
    await expect(ask(7, BATCH.slice(0, 1))).rejects.toThrow(CouponGoneError);
    expect([decide, refuse, countRetry, onRetry, warn].map(({ mock }) => mock.calls.length)).toEqual([2, 1, 0, 0, 0]);
  });

  it('has no more attempts that follow a failed one run at once than are allowed, and never holds up a first one', async () => {
    const unlocked = new EventEmitter();
    const attempts = new Map<number, number>();
    decide.mockImplementation(async (couponId) => {
      const attempt = (attempts.get(couponId) ?? 0) + 1;
      attempts.set(couponId, attempt);
      if (couponId === 9) return DECISION;
      if (attempt === 1) throw LOCK_WAIT;
      await once(unlocked, 'all');
      return DECISION;
    });
    const inTrouble = [ask(7), ask(8)];
    while (![...attempts.values()].includes(2)) await nextTurn();
    expect(await ask(9)).toBe(DECISION);
    for (let turn = 0; turn < 100; turn += 1) await nextTurn();
    expect(decide).toHaveBeenCalledTimes(4);
    unlocked.emit('all');
    while (unlocked.listenerCount('all') === 0) await nextTurn();
    unlocked.emit('all');
    expect(await Promise.all(inTrouble)).toEqual([DECISION, DECISION]);
  });

  it('ends when it is stopped, while it waits for its turn too, and counts no further attempt', async () => {
    const never = new Promise<Decision>(() => {});
    decide.mockRejectedValueOnce(LOCK_WAIT).mockRejectedValueOnce(LOCK_WAIT).mockReturnValue(never);
    const inTrouble = [ask(7), ask(8)];
    while (decide.mock.calls.length < 3) await nextTurn();
    const waiting = Promise.any(
      inTrouble.map(async (asked) =>
        asked.then(
          () => 'decided',
          () => 'stopped',
        ),
      ),
    );
    stop.abort();
    expect(await waiting).toBe('stopped');
    expect([decide, countRetry].map(({ mock }) => mock.calls.length)).toEqual([3, 2]);
  });
});
