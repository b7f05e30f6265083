import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { CouponConfig } from '../coupon.config.js';
import type { Reservation } from '../reservation/reservation.js';
import type { CouponIssuer } from './coupon-issuer.service.js';
import type { IssuanceMetrics } from './issuance-metrics.js';
import { IssuanceOutcomes } from './issuance-outcomes.js';
import { IssuanceQueue } from './issuance-queue.service.js';

/** A batch that the issuer has in hand; a test decides and settles it. */
interface InHand {
  readonly couponId: number;
  readonly numbers: number[];
  readonly decided: (() => void) | undefined;
  readonly settled: () => void;
  readonly fails: (error: Error) => void;
}

const numbered = (...numbers: number[]): Reservation[] =>
  numbers.map((sequenceNumber) => ({ userId: 1000 + sequenceNumber, sequenceNumber, reservedAt: 0 }));

describe('IssuanceQueue', () => {
  const overflow = jest.fn();
  const recordCommit = jest.fn<IssuanceMetrics['recordCommit']>();
  let inHand: InHand[];
  let queue: IssuanceQueue;

  beforeEach(() => {
    Logger.overrideLogger(false);
    // Of this test: a queue of the one before may still have something to hand in.
    const own: InHand[] = [];
    inHand = own;
    for (const mock of [overflow, recordCommit]) mock.mockReset();
    const issue: CouponIssuer['issue'] = (couponId, batch, _stop, callbacks) =>
      new Promise((settled, fails) => {
        const numbers = batch.map(({ sequenceNumber }) => sequenceNumber);
        own.push({ couponId, numbers, decided: callbacks?.onDecided, settled, fails });
      });
    const issuance = { batchSize: 3, lingerMs: 0, queueCapacity: 5 };
    queue = new IssuanceQueue(
      { issue } as CouponIssuer,
      new IssuanceOutcomes(),
      { overflows: { inc: overflow }, recordCommit } as unknown as IssuanceMetrics,
      { coupon: { issuance } } as CouponConfig,
    );
  });

  /** The batch that comes as the n-th, from 0. */
  async function batchAt(at: number): Promise<InHand> {
    for (let turn = 0; inHand.length <= at && turn < 1000; turn += 1) await delay(1);
    const found = inHand[at];
    if (found === undefined) throw new Error(`there is no batch ${at}`);
    return found;
  }

  it('has one batch of a coupon decided at a time, and the next while that is settled', async () => {
    expect(queue.submit(7, numbered(1, 2, 3, 4))).toBe(4);
    const first = await batchAt(0);
    expect(first.numbers).toEqual([1, 2, 3]);
    for (let turn = 0; turn < 50; turn += 1) await nextTurn();
    expect(inHand).toHaveLength(1);

    first.decided?.();
    const second = await batchAt(1);
    expect(second.numbers).toEqual([4]);
    expect([1, 4].map((number) => queue.holds(7, number))).toEqual([true, true]);

    second.decided?.();
    second.settled();
    first.settled();
    await queue.beforeApplicationShutdown();
    expect([1, 4].map((number) => queue.holds(7, number))).toEqual([false, false]);
  });

  it('lets no coupon wait for another', async () => {
    queue.submit(7, numbered(1));
    queue.submit(8, numbered(1));
    expect([(await batchAt(0)).couponId, (await batchAt(1)).couponId]).toEqual([7, 8]);
  });

  it('takes nothing twice, and no more than it has room for', async () => {
    expect(queue.submit(7, numbered(1, 2, 3))).toBe(3);
    expect(queue.submit(7, numbered(2, 3, 4))).toBe(1);
    expect(overflow).not.toHaveBeenCalled();
    expect(queue.submit(8, numbered(1, 2, 3))).toBe(1);
    expect(overflow).toHaveBeenCalledTimes(2);
    expect(queue.isFull).toBe(true);
  });

  it('lets go of a batch that failed, and goes on', async () => {
    queue.submit(7, numbered(1, 2, 3, 4));
    (await batchAt(0)).fails(new Error('a fault'));
    expect((await batchAt(1)).numbers).toEqual([4]);
    expect(queue.holds(7, 1)).toBe(false);
  });

  it('tells how long those took that were admitted just before, and not those that a sweep has found', async () => {
    queue.submit(7, [...numbered(1, 2), { userId: 1003, sequenceNumber: 3 }]);
    (await batchAt(0)).decided?.();
    expect(recordCommit.mock.calls).toEqual([[[expect.any(Number), expect.any(Number)]]]);
  });
});
