import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import type { CouponConfig } from '../coupon.config.js';
import type { RedisCouponStore } from '../reservation/redis-coupon.store.js';
import type { Reservation } from '../reservation/reservation.js';
import type { CouponIssuer } from './coupon-issuer.service.js';
import { CouponGoneError } from './issuance-errors.js';
import type { IssuanceMetrics } from './issuance-metrics.js';
import type { ReservationWaiters } from './reservation-waiters.service.js';
import { IssuanceQueue } from './issuance-queue.service.js';

/** A batch that the issuer has in hand; a test decides and settles it. */
interface InHand {
  readonly couponId: number;
  readonly numbers: number[];
  readonly fails: (error: Error) => void;
  readonly retries: () => void;
  readonly decided: () => void;
  readonly settled: () => void;
}

const numbered = (...numbers: number[]): Reservation[] =>
  numbers.map((sequenceNumber) => ({ userId: 1000 + sequenceNumber, sequenceNumber, reservedAt: 0 }));

const numbersOf = (reservations: readonly Reservation[]): number[] =>
  reservations.map(({ sequenceNumber }) => sequenceNumber);

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await nextTurn();
}

describe('IssuanceQueue', () => {
  const overflow = jest.fn<(count: number) => void>();
  const recordCommit = jest.fn<IssuanceMetrics['recordCommit']>();
  const pendingBetween = jest.fn<RedisCouponStore['pendingBetween']>();
  const warn = jest.fn();
  const say = jest.fn();
  /** What is pending in Redis: coupon → numbers. */
  let pending: Map<number, Set<number>>;
  let inHand: InHand[];
  let queue: IssuanceQueue;

  /** Batches have three at most, and nothing lingers. */
  function openQueue(queueCapacity: number, queueShare = queueCapacity): void {
    // Of this test: a queue of the one before may still have something to hand in.
    const own: InHand[] = [];
    inHand = own;
    const issue: CouponIssuer['issue'] = (couponId, batch, _stop, callbacks) =>
      new Promise((resolve, fails) => {
        const settled = (): void => {
          for (const { sequenceNumber } of batch) pending.get(couponId)?.delete(sequenceNumber);
          resolve();
        };
        own.push({
          couponId,
          numbers: numbersOf(batch),
          fails,
          retries: () => callbacks?.onRetry?.(),
          decided: () => callbacks?.onDecided?.(),
          settled,
        });
      });
    const issuance = { batchSize: 3, lingerMs: 0, queueCapacity, queueShare };
    queue = new IssuanceQueue(
      { issue } as CouponIssuer,
      { pendingBetween } as unknown as RedisCouponStore,
      { areAwaited: () => false } as unknown as ReservationWaiters,
      { overflows: { inc: overflow }, recordCommit } as unknown as IssuanceMetrics,
      { coupon: { issuance } } as CouponConfig,
    );
  }

  beforeEach(() => {
    for (const mock of [overflow, recordCommit, pendingBetween, warn, say]) mock.mockReset();
    pending = new Map();
    pendingBetween.mockImplementation(async (couponId, after, upTo, limit) => {
      await Promise.resolve();
      const found = [...(pending.get(couponId) ?? [])].filter((number) => number > after && number <= upTo);
      const first = found.sort((a, b) => a - b).slice(0, limit);
      return first.map((sequenceNumber) => ({ userId: 1000 + sequenceNumber, sequenceNumber }));
    });
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(warn);
    jest.spyOn(Logger.prototype, 'log').mockImplementation(say);
    openQueue(5);
  });

  afterEach(() => {
    queue.onApplicationShutdown();
    jest.restoreAllMocks();
  });

  /** As after a reserve: pending in Redis, and submitted. */
  function reserve(couponId: number, ...numbers: number[]): number {
    const ofCoupon = pending.get(couponId) ?? new Set();
    pending.set(couponId, ofCoupon);
    for (const number of numbers) ofCoupon.add(number);
    return queue.submit(couponId, numbered(...numbers));
  }

  /** The batch that comes as the n-th, from 0. */
  async function batchAt(at: number): Promise<InHand> {
    for (let turn = 0; inHand.length <= at && turn < 1000; turn += 1) await delay(1);
    const found = inHand[at];
    if (found === undefined) throw new Error(`there is no batch ${at}`);
    return found;
  }

  /** Decides and settles all that comes from the n-th batch on, until nothing more comes; the numbers in their order. */
  async function issueAll(from: number): Promise<number[]> {
    const numbers: number[] = [];
    for (let at = from; ; at += 1) {
      for (let turn = 0; inHand.length <= at && turn < 50; turn += 1) await delay(1);
      const batch = inHand[at];
      if (batch === undefined) return numbers;
      numbers.push(...batch.numbers);
      batch.decided();
      batch.settled();
    }
  }

  const held = (couponId: number, numbers: number[]): number[] =>
    numbers.filter((number) => queue.holds(couponId, number));
  const overflows = (): number => overflow.mock.calls.reduce((sum, [count]) => sum + count, 0);

  it('has one batch of a coupon decided at a time, and the next while that is settled', async () => {
    expect(queue.submit(7, numbered(1, 2, 3, 4))).toBe(4);
    const first = await batchAt(0);
    expect(first.numbers).toEqual([1, 2, 3]);
    await someTurns();
    expect(inHand).toHaveLength(1);

    first.decided();
    const second = await batchAt(1);
    expect(second.numbers).toEqual([4]);
    expect(held(7, [1, 4])).toEqual([1, 4]);

    second.decided();
    second.settled();
    first.settled();
    await queue.beforeApplicationShutdown();
    expect(held(7, [1, 4])).toEqual([]);
  });

  it('lets no coupon wait for another', async () => {
    queue.submit(7, numbered(1));
    queue.submit(8, numbered(1));
    expect([(await batchAt(0)).couponId, (await batchAt(1)).couponId]).toEqual([7, 8]);
  });

  it('takes nothing twice, and no more than it has room for', () => {
    expect(queue.submit(7, numbered(1, 2, 3))).toBe(3);
    expect(queue.submit(7, numbered(2, 3, 4))).toBe(1);
    expect(overflow).not.toHaveBeenCalled();
    expect(queue.hasRoomFor(8)).toBe(true);
    expect(queue.submit(8, numbered(1, 2, 3))).toBe(1);
    expect(overflows()).toBe(2);
    expect([7, 8, 9].map((couponId) => queue.hasRoomFor(couponId))).toEqual([false, false, false]);
  });

  it('lets go of a batch that failed, and goes on', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    queue.submit(7, numbered(1, 2, 3, 4));
    (await batchAt(0)).fails(new Error('a fault'));
    expect((await batchAt(1)).numbers).toEqual([4]);
    expect(queue.holds(7, 1)).toBe(false);
  });

  it('tells how long those took that were admitted just before, and not those that a sweep has found', async () => {
    queue.submit(7, [...numbered(1, 2), { userId: 1003, sequenceNumber: 3 }]);
    (await batchAt(0)).decided();
    expect(recordCommit.mock.calls).toEqual([[[expect.any(Number), expect.any(Number)]]]);
  });

  describe('with a share for each coupon', () => {
    it('takes no more of one than that, fetches the rest of it in order, and says so once', async () => {
      openQueue(100, 10);
      expect(reserve(7, ...range(1, 30))).toBe(10);
      expect(reserve(7, ...range(31, 40))).toBe(0);
      expect(held(7, range(1, 40))).toEqual(range(1, 10));
      expect(overflows()).toBe(30);
      expect(queue.hasRoomFor(7)).toBe(false);
      expect(reserve(8, 1)).toBe(1);

      const numbers = await issueAll(0);
      expect(numbers.filter((number, at) => at === 0 || number !== 1)).toEqual(range(1, 40));
      expect([...(pending.get(7) ?? [])]).toEqual([]);
      expect(warn.mock.calls).toEqual([[expect.stringMatching(/^coupon 7: its share of the queue is full with 10 /)]]);
      expect(say.mock.calls).toEqual([[expect.stringMatching(/^coupon 7: its share of the queue has room again/)]]);
    });

    it('says when it is the whole queue that is full, and goes on with those who had no room in it', async () => {
      openQueue(10, 8);
      expect(reserve(7, ...range(1, 8))).toBe(8);
      expect(reserve(8, ...range(1, 6))).toBe(2);
      expect(reserve(9, ...range(1, 6))).toBe(0);
      expect(warn.mock.calls).toEqual([[expect.stringMatching(/^the queue is full with 10 reservations/)]]);

      await issueAll(0);
      expect([...pending.values()].map((numbers) => numbers.size)).toEqual([0, 0, 0]);
      expect(say.mock.calls).toEqual([[expect.stringMatching(/^the queue has room again/)]]);
    });

    it('is never more than the whole queue', () => {
      openQueue(5, 100);
      expect(reserve(7, ...range(1, 8))).toBe(5);
      expect(warn.mock.calls).toEqual([[expect.stringMatching(/^the queue is full/)]]);
    });

    it('takes those who come now as long as it is nearly empty, so that it catches up with them', async () => {
      openQueue(100, 10);
      expect(reserve(7, ...range(1, 12))).toBe(10);
      const first = await batchAt(0);
      first.decided();
      (await batchAt(1)).decided();
      expect((await batchAt(2)).numbers).toEqual([7, 8, 9]);
      first.settled();
      await someTurns();
      // Only number 10 is at hand, and 11 and 12 are left.
      expect(reserve(7, 13)).toBe(1);
      inHand[1]?.settled();
      expect(await issueAll(2)).toEqual([7, 8, 9, 10, 13, 11, 12]);
    });

    it('fetches what a sweep had no room for', async () => {
      openQueue(100, 4);
      pending.set(7, new Set(range(1, 30)));
      expect(queue.submit(7, numbered(1, 2, 3, 4))).toBe(4);
      expect(queue.hasRoomFor(7)).toBe(false);
      queue.issueLater(7, { first: 5, last: 29 });
      expect(await issueAll(0)).toEqual(range(1, 29));
    });

    it('leaves it to the sweep when Redis is away, and takes those who come then', async () => {
      openQueue(100, 4);
      pendingBetween.mockRejectedValueOnce(new RedisUnavailableError('away'));
      reserve(7, ...range(1, 6));
      expect(await issueAll(0)).toEqual(range(1, 4));
      expect(reserve(7, 7)).toBe(1);
      expect(await issueAll(2)).toEqual([7]);
      expect(await queue.beforeApplicationShutdown()).toBeUndefined();
    });
  });

  describe('while a batch is tried again', () => {
    it('holds that batch only, and fetches the others in order as soon as it has succeeded', async () => {
      openQueue(20);
      reserve(7, ...range(1, 8));
      const first = await batchAt(0);
      first.retries();
      expect(held(7, range(1, 8))).toEqual([1, 2, 3]);
      expect(reserve(7, ...range(9, 20))).toBe(0);
      expect(queue.hasRoomFor(7)).toBe(false);
      queue.issueLater(7, { first: 1, last: 5 });
      await someTurns();
      expect([held(7, range(1, 20)), inHand.length]).toEqual([[1, 2, 3], 1]);

      first.decided();
      first.settled();
      expect(await issueAll(1)).toEqual(range(4, 20));
      expect(overflows()).toBe(17);
    });

    it('gives its room to other coupons', async () => {
      reserve(7, ...range(1, 5));
      expect(reserve(8, 1, 2)).toBe(0);
      (await batchAt(0)).retries();
      const ofOther = await batchAt(1);
      expect(ofOther).toMatchObject({ couponId: 8, numbers: [1, 2] });
    });

    it('is kept up by nothing else when it fails again and again', async () => {
      reserve(7, 1);
      const first = await batchAt(0);
      first.retries();
      first.retries();
      expect(held(7, [1])).toEqual([1]);
      first.decided();
      first.settled();
      await someTurns();
      expect(reserve(7, 2)).toBe(1);
      expect((await batchAt(1)).numbers).toEqual([2]);
    });
  });

  it('lets go of all of a coupon that MySQL does not know, says so once, and takes what comes later', async () => {
    reserve(7, 1, 2, 3, 4);
    (await batchAt(0)).fails(new CouponGoneError(7));
    await someTurns();
    expect(held(7, [1, 2, 3, 4])).toEqual([]);
    expect(reserve(7, 5)).toBe(1);
    (await batchAt(1)).fails(new CouponGoneError(7));
    await someTurns();
    expect(inHand).toHaveLength(2);
    expect(warn.mock.calls).toEqual([['coupon 7: it has no row in MySQL, so its reservations stay pending']]);
  });

  describe('at the end', () => {
    it('empties what is in memory, and fetches nothing more', async () => {
      openQueue(100, 4);
      reserve(7, ...range(1, 20));
      const ended = queue.beforeApplicationShutdown();
      expect(await issueAll(0)).toEqual(range(1, 4));
      await ended;
    });

    it('waits for no batch that does not get done, and starts none', async () => {
      reserve(7, 1, 2, 3, 4);
      const first = await batchAt(0);
      await queue.beforeApplicationShutdown();
      queue.onApplicationShutdown();
      first.fails(new Error('stopped'));
      await someTurns();
      expect(inHand).toHaveLength(1);
      expect(queue.submit(7, numbered(5))).toBe(0);
    });
  });
});
