import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { AuditService } from '../../src/coupon/audit/audit.service.js';
import { IssuanceMetrics } from '../../src/coupon/issuance/issuance-metrics.js';
import { IssuanceQueue } from '../../src/coupon/issuance/issuance-queue.service.js';
import { SweepService } from '../../src/coupon/issuance/sweep.service.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { inParallel } from '../support/in-parallel.js';
import { Instance } from '../support/instance.js';
import { numbersTo } from '../support/numbers-to.js';
import { openOwnServers, type OwnServers } from '../support/own-servers.js';
import { plantSlot } from '../support/planted-faults.js';
import { eventually } from '../support/poll.js';
import { holdRowLock } from '../support/row-lock.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** One coupon in trouble holds up no other; no sweep helps but the ones that a test asks for. */

const BATCH = 20;
const SHARE = 100;
const MAX_RETRYING = 3;

let own: OwnServers;
let instance: Instance;
let queue: IssuanceQueue;

beforeAll(async () => {
  own = await openOwnServers('trouble');
  instance = await Instance.open({
    servers: own.servers,
    env: {
      COUPON_ISSUANCE_BATCH_SIZE: String(BATCH),
      COUPON_ISSUANCE_QUEUE_SHARE: String(SHARE),
      COUPON_ISSUANCE_MAX_RETRYING: String(MAX_RETRYING),
      // Half of it is how long the server lets an attempt wait for a row lock.
      DATABASE_STATEMENT_TIMEOUT_MS: '4000',
      COUPON_ISSUE_TIMEOUT_MS: '60000',
    },
  });
  queue = instance.get(IssuanceQueue);
});

afterEach(() => {
  jest.restoreAllMocks();
});

async function reserve(couponId: number, users: number): Promise<void> {
  const service = instance.get(ReservationService);
  await inParallel(newUserIds(users), (userId) => service.reserve(couponId, userId), 50);
}

const holdLock = (couponId: number) => holdRowLock(own.servers.databaseUrl, 'coupons', couponId);

async function issuedNumbers(couponId: number): Promise<number[]> {
  return (await own.database.userCoupons(couponId)).map(({ sequenceNumber }) => sequenceNumber);
}

const heldOf = (couponId: number, upTo: number): number[] =>
  numbersTo(upTo).filter((number) => queue.holds(couponId, number));

/** Waits until these numbers are issued, each once, and both sides agree. */
async function expectIssuedUpTo(couponId: number, upTo: number): Promise<void> {
  await eventually(async () => expect(await issuedNumbers(couponId)).toEqual(numbersTo(upTo)));
  expect(await own.database.couponCounts(couponId)).toMatchObject({ issuedQuantity: upTo, failedQuantity: 0 });
  await eventually(async () =>
    expect(await instance.get(AuditService).audit(couponId)).toMatchObject({ violations: [], consistent: true }),
  );
}

/** Waits until the coupon's batch has failed once: what came behind it is no longer held. */
async function isRetrying(couponId: number): Promise<void> {
  await reserve(couponId, 1);
  await eventually(async () => expect(await waitingForRowLock(couponId)).toBe(1), { intervalMs: 5 });
  await reserve(couponId, 1);
  await eventually(() => expect(heldOf(couponId, 2)).toEqual([1]));
}

async function waitingForRowLock(couponId: number): Promise<number> {
  return await own.database.running(`UPDATE coupons%WHERE id = ${couponId} AND %`);
}

async function retries(): Promise<number> {
  const { values } = await instance.get(IssuanceMetrics).retries.get();
  return values[0]?.value ?? 0;
}

describe('a coupon whose row someone has locked, with more reservations than its share of the queue', () => {
  it('holds one batch in the queue, and others are issued meanwhile; then all of it is issued, without a sweep', async () => {
    const [locked, other] = [await instance.createCoupon(1000), await instance.createCoupon(1000)];
    const giveBack = await holdLock(locked);
    try {
      await inParallel([locked, other], (couponId) => reserve(couponId, 5 * SHARE));
      await expectIssuedUpTo(other, 5 * SHARE);
      await eventually(() => expect(heldOf(locked, 5 * SHARE).length).toBeLessThanOrEqual(BATCH));

      await inParallel([locked, other], (couponId) => reserve(couponId, SHARE));
      await expectIssuedUpTo(other, 6 * SHARE);
      expect(heldOf(locked, 6 * SHARE).length).toBeLessThanOrEqual(BATCH);
      expect(await issuedNumbers(locked)).toEqual([]);
    } finally {
      await giveBack();
    }
    await expectIssuedUpTo(locked, 6 * SHARE);
    expect(heldOf(locked, 6 * SHARE)).toEqual([]);
  });

  it('answers those who wait for their row when it is there, though it was only pending meanwhile', async () => {
    const couponId = await instance.createCoupon(1000);
    const service = instance.get(ReservationService);
    const giveBack = await holdLock(couponId);
    await isRetrying(couponId);
    const issued = inParallel(newUserIds(2 * SHARE), (userId) => service.issue(couponId, userId));
    await eventually(async () => expect(await own.redis.zcard(keys.pending(couponId))).toBe(2 * SHARE + 2));
    await giveBack();
    for (const { status } of await issued) expect(status).toBe('ISSUED');
    await expectIssuedUpTo(couponId, 2 * SHARE + 2);
  });
});

describe('coupons whose rows are locked, more than may retry at once', () => {
  it('wait for their rows with no more connections than that, and another one is issued', async () => {
    const locked = await inParallel(numbersTo(MAX_RETRYING + 1), () => instance.createCoupon(10));
    const other = await instance.createCoupon(500);
    const locks = await inParallel(locked, holdLock);
    try {
      await inParallel(locked, isRetrying);
      const before = await retries();
      await reserve(other, 200);
      await expectIssuedUpTo(other, 200);
      // Each of them has failed again by then, so that each look could have met all of them.
      for (;;) {
        expect(await own.database.running('UPDATE coupons%')).toBeLessThanOrEqual(MAX_RETRYING);
        if ((await retries()) >= before + 2 * locked.length) break;
      }
      for (const couponId of locked) expect(await issuedNumbers(couponId)).toEqual([]);
    } finally {
      for (const giveBack of locks) await giveBack();
    }
    for (const couponId of locked) await expectIssuedUpTo(couponId, 2);
  });
});

describe('a coupon whose row is gone from MySQL', () => {
  it('is not tried again: that is said once, its reservations stay pending, and another one is issued', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const [gone, other] = [await instance.createCoupon(1000), await instance.createCoupon(1000)];
    await own.database.change('DELETE FROM coupons WHERE id = ?', [gone]);
    const before = await retries();
    await inParallel([gone, other], (couponId) => reserve(couponId, SHARE));
    await expectIssuedUpTo(other, SHARE);
    await eventually(() => expect(heldOf(gone, SHARE)).toEqual([]));
    expect(await own.redis.zcard(keys.pending(gone))).toBe(SHARE);
    expect(await retries()).toBe(before);
    expect(warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes(`coupon ${gone}:`))).toEqual([
      `coupon ${gone}: it has no row in MySQL, so its reservations stay pending`,
    ]);
  });
});

describe('a sweep that finds more pending than the share of a coupon', () => {
  it('has all of it issued, without another one', async () => {
    const couponId = await instance.createCoupon(1000);
    // As after a crash between the script and the event, five hundred times.
    for (const number of numbersTo(5 * SHARE)) {
      const userId = newUserId();
      await plantSlot(own.redis, couponId, userId);
      await own.redis.zadd(keys.pending(couponId), number, String(userId));
    }
    await own.redis.set(keys.sequence(couponId), 5 * SHARE);
    // The first one only looks.
    await instance.get(SweepService).sweepAll();
    expect(await issuedNumbers(couponId)).toEqual([]);
    await instance.get(SweepService).sweepAll();
    await expectIssuedUpTo(couponId, 5 * SHARE);
  });
});
