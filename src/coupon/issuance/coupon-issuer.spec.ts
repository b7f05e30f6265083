import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Reservation } from '../reservation/reservation.js';
import { CouponIssuer } from './coupon-issuer.service.js';
import type { IssuanceMetrics } from './issuance-metrics.js';
import type { RetryingLedger } from './retrying-ledger.service.js';
import type { SettlementService } from './settlement.service.js';

const NEVER = new AbortController().signal;
const numbersOf = (reservations: readonly Reservation[]) => reservations.map(({ sequenceNumber }) => sequenceNumber);
const batchOf = (size: number): Reservation[] =>
  Array.from({ length: size }, (_, index) => ({ userId: 1001 + index, sequenceNumber: index + 1 }));

describe('CouponIssuer', () => {
  const decide = jest.fn<RetryingLedger['decide']>();
  const settle = jest.fn<SettlementService['settle']>();
  const observe = jest.fn();
  const onRetry = jest.fn();
  let issuer: CouponIssuer;
  let events: string[];

  beforeEach(() => {
    events = [];
    observe.mockReset();
    decide.mockReset().mockImplementation(async (_couponId, batch) => {
      events.push(`decide ${numbersOf(batch).join()}`);
      return { issued: batch, failed: [] };
    });
    settle.mockReset().mockImplementation(async (_couponId, { issued }) => {
      await Promise.resolve();
      events.push(`settled ${numbersOf(issued).join()}`);
    });
    issuer = new CouponIssuer(
      { decide } as unknown as RetryingLedger,
      { settle } as unknown as SettlementService,
      { batchSeconds: { startTimer: () => () => 0 }, batchSize: { observe } } as unknown as IssuanceMetrics,
      { reach: () => undefined },
    );
  });

  const issue = (batch: Reservation[]) =>
    issuer.issue(7, batch, NEVER, { onDecided: () => events.push('decided'), onRetry });

  it('resolves when the batch is settled, and says before when it is decided', async () => {
    await issue(batchOf(2));
    expect(events).toEqual(['decide 1,2', 'decided', 'settled 1,2']);
    expect(observe.mock.calls).toEqual([[2]]);
  });

  it('halves a batch of which the database refuses a row, and says once that all of it is decided', async () => {
    decide.mockImplementationOnce(async () => 'REFUSED').mockImplementationOnce(async () => 'REFUSED');
    await issue(batchOf(3));
    expect(decide.mock.calls.map(([, batch]) => numbersOf(batch))).toEqual([[1, 2, 3], [1, 2], [1], [2], [3]]);
    expect(events.slice(-2)).toEqual(['decided', 'settled 3']);
    expect(events.filter((event) => event.startsWith('settled'))).toEqual(['settled 1', 'settled 2', 'settled 3']);
  });

  it('says that the batch, or a half of it, is tried again', async () => {
    decide.mockImplementationOnce(async () => 'REFUSED');
    await issue(batchOf(2));
    expect(decide).toHaveBeenCalledTimes(3);
    for (const [, , options] of decide.mock.calls) expect(options).toEqual({ stop: NEVER, onRetry });
  });

  it('passes on what the ledger or the settlement throws', async () => {
    decide.mockRejectedValueOnce(new Error('stopped'));
    await expect(issue(batchOf(1))).rejects.toThrow('stopped');
    expect(settle).not.toHaveBeenCalled();
    settle.mockRejectedValueOnce(new Error('a fault'));
    await expect(issue(batchOf(1))).rejects.toThrow('a fault');
  });
});
