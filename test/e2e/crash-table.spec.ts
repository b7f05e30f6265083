import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { reservationKeys } from '../../src/coupon/reservation/reservation-keys.js';
import { Crowd } from '../support/crowd.js';
import { numbersTo } from '../support/numbers-to.js';
import { eventually } from '../support/poll.js';
import { expectPromisesKept } from '../support/promises.js';
import { Site } from '../support/site.js';
import { newUserId } from '../support/unique-ids.js';

const STOCK = 600;
const KILLED = { code: null, signal: 'SIGKILL' };

let site: Site;

beforeAll(async () => {
  site = await Site.open();
});

beforeEach(async () => {
  await site.isServing();
});

describe.each([
  ['before-reserve', { reserved: 0, pending: 0, rows: 0 }],
  ['after-reserve', { reserved: 1, pending: 1, rows: 0 }],
  ['inside-transaction', { reserved: 1, pending: 1, rows: 0 }],
  ['after-commit', { reserved: 1, pending: 1, rows: 1 }],
] as const)('a process that dies %s', (point, left) => {
  it('leaves what the crash table says, and the next process issues it, once and under its number', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: 2 });
    await site.start({ FAULT_POINT: point });
    const [userId, next] = [newUserId(), newUserId()];
    const answer = await site.api.reserve(couponId, userId);
    expect(await site.app.exited).toEqual(KILLED);
    expect(await site.leftBehind(couponId)).toEqual({ isOpen: true, failures: 0, ...left });

    await site.start();
    await eventually(async () =>
      expect(await site.leftBehind(couponId)).toMatchObject({ pending: 0, rows: left.reserved }),
    );
    const again = await site.api.reserve(couponId, userId);
    expect(again).toMatchObject(left.reserved === 0 ? { status: 200 } : { error: 'ALREADY_ISSUED' });
    expect(await site.api.reserve(couponId, next)).toMatchObject({ status: 200, body: { sequenceNumber: 2 } });
    await eventually(async () => {
      expect(await site.database.userCoupons(couponId)).toMatchObject([
        { userId, sequenceNumber: 1 },
        { userId: next, sequenceNumber: 2 },
      ]);
    });
    await expectPromisesKept(site, couponId, 2, [{ client: 1, userId, answer }]);
  });
});

describe('a drop in which one process after the other dies', () => {
  it('each at another point, loses nothing, and no number', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: STOCK });
    const crowd = new Crowd(site.api, couponId);
    await crowd.hasAccepted(STOCK / 6);
    for (const point of ['after-reserve', 'inside-transaction', 'after-commit', 'before-reserve'] as const) {
      await site.start({ FAULT_POINT: point });
      expect(await site.app.exited).toEqual(KILLED);
    }
    await site.start();
    await crowd.buysOut(STOCK);

    await expectPromisesKept(site, couponId, STOCK, crowd.asks);
    // Redis was there all the time, so there is not even a gap.
    const rows = await site.database.userCoupons(couponId);
    expect(rows.map(({ sequenceNumber }) => sequenceNumber)).toEqual(numbersTo(STOCK));
  });
});

describe('a process that dies after-failure-commit', () => {
  it('has failed the reservation once and for all, and the next process gives the slot back', async () => {
    // Given a ledger with less room than Redis knows of, since someone changed the table behind our back
    const { couponId } = await site.api.createCoupon({ totalQuantity: 2 });
    await site.api.reserve(couponId, newUserId());
    await eventually(async () => expect(await site.leftBehind(couponId)).toMatchObject({ pending: 0, rows: 1 }));
    // (no sweep may come after the first one: it would publish the new total before anyone asks)
    await site.start({ FAULT_POINT: 'after-failure-commit', COUPON_SWEEP_INTERVAL_MS: '600000' });
    await site.app.hasSwept();
    await site.database.change('UPDATE coupons SET total_quantity = 1 WHERE id = ?', [couponId]);

    // When the process dies between the failure and the release
    const userId = newUserId();
    const answer = await site.api.reserve(couponId, userId);
    expect(await site.app.exited).toEqual(KILLED);
    expect(await site.leftBehind(couponId)).toEqual({ isOpen: true, reserved: 2, pending: 1, rows: 1, failures: 1 });

    // Then the next one releases the slot, and nobody is admitted to it
    await site.start();
    await eventually(async () => {
      expect(await site.leftBehind(couponId)).toEqual({ isOpen: true, reserved: 1, pending: 0, rows: 1, failures: 1 });
    });
    expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ error: 'COUPON_SOLD_OUT' });
    expect((await site.api.failures(couponId)).body.failures).toMatchObject([
      { userId, sequenceNumber: 2, reason: 'SOLD_OUT_IN_LEDGER', retriedAt: null },
    ]);
    await expectPromisesKept(site, couponId, 1, [{ client: 1, userId, answer }]);

    // And a number that failed is not given out again
    await site.api.patchCoupon(couponId, { totalQuantity: 2 });
    expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ status: 200, body: { sequenceNumber: 3 } });
    await eventually(async () => expect(await site.leftBehind(couponId)).toMatchObject({ pending: 0, rows: 2 }));
    await expectPromisesKept(site, couponId, 2, [{ client: 1, userId, answer }]);
  });
});

describe('a process that dies during-rebuild', () => {
  it('leaves the coupon closed, until its lock has expired and another process rebuilds it', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: STOCK });
    const crowd = new Crowd(site.api, couponId);
    await crowd.hasAccepted(STOCK / 6);
    await site.start({ FAULT_POINT: 'during-rebuild' });
    const rebuild = site.api.rebuild(couponId);
    expect(await site.app.exited).toEqual(KILLED);
    await rebuild;
    expect(await site.leftBehind(couponId)).toMatchObject({ isOpen: false });

    // The lock of the dead process expires by itself; not before the next one has started, for the sake of this test.
    const lock = reservationKeys.rebuildLock(couponId);
    expect(await site.redis.pttl(lock)).toBeGreaterThan(0);
    expect(await site.redis.pexpire(lock, 60_000)).toBe(1);
    await site.start();
    const refused = await site.api.reserve(couponId, newUserId());
    expect(refused).toMatchObject({ status: 503, error: 'RESERVATION_UNAVAILABLE' });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await site.redis.pexpire(lock, 1)).toBe(1);

    await crowd.buysOut(STOCK);
    await expectPromisesKept(site, couponId, STOCK, crowd.asks);
  });
});
