import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { reservationKeys } from '../../src/coupon/reservation/reservation-keys.js';
import { tally } from '../support/api-client.js';
import { Crowd } from '../support/crowd.js';
import { inParallel } from '../support/in-parallel.js';
import { deleteKeys, RESERVATION_KEYS } from '../support/planted-faults.js';
import { eventually } from '../support/poll.js';
import { expectPromisesKept } from '../support/promises.js';
import { Site } from '../support/site.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

const STOCK = 1200;

let site: Site;

beforeAll(async () => {
  site = await Site.open();
});

beforeEach(async () => {
  await site.isServing();
});

/**
 * Lets Redis lose something, once or several times, in the middle of a drop; then whoever was promised something has
 * it.
 */
async function expectDropSurvives(lose: (couponId: number) => Promise<void>, times = 1): Promise<number> {
  const { couponId } = await site.api.createCoupon({ totalQuantity: STOCK });
  const crowd = new Crowd(site.api, couponId);
  for (let time = 1; time <= times; time += 1) {
    await crowd.hasAccepted((time * STOCK) / 6);
    await lose(couponId);
  }
  await crowd.buysOut(STOCK);
  await expectPromisesKept(site, couponId, STOCK, crowd.asks);
  return couponId;
}

/** Asserts that the coupon was rebuilt after it had been loaded: its keys were not trusted. */
async function expectRebuilt(couponId: number): Promise<void> {
  const { body } = await site.api.audit(couponId);
  expect(Number(body.redis?.epoch)).toBeGreaterThan(1);
}

describe('a drop during which Redis', () => {
  it('is restarted with its file breaks no promise, and leads to a rebuild', async () => {
    const couponId = await expectDropSurvives(async () => {
      await site.redisServer.stop();
      await site.redisServer.restart();
    });
    await expectRebuilt(couponId);
  });

  it('is killed and comes back with its file breaks no promise, and leads to a rebuild', async () => {
    const couponId = await expectDropSurvives(async () => {
      await site.redisServer.kill();
      await site.redisServer.restart();
    });
    await expectRebuilt(couponId);
  });

  it('comes back empty breaks no promise', async () => {
    await expectDropSurvives(async () => {
      await site.redisServer.kill();
      site.redisServer.restoreFiles();
      await site.redisServer.restart();
    });
  });

  it('is emptied three times (FLUSHALL) breaks no promise', async () => {
    await expectDropSurvives(async () => void (await site.redis.flushall()), 3);
  });

  it.each(RESERVATION_KEYS)('loses the key %s three times breaks no promise', async (key) => {
    await expectDropSurvives((couponId) => deleteKeys(site.redis, couponId, key), 3);
  });

  it('is put back to an older copy of its file breaks no promise', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: STOCK });
    const crowd = new Crowd(site.api, couponId);
    await crowd.hasAccepted(STOCK / 6);
    const copy = site.redisServer.copyFiles();
    await crowd.hasAccepted(STOCK / 2);
    await site.redisServer.kill();
    site.redisServer.restoreFiles(copy);
    await site.redisServer.restart();
    await crowd.buysOut(STOCK);
    await expectPromisesKept(site, couponId, STOCK, crowd.asks);
  });
});

describe('slots of which nobody knows any more, since their pending entries and their process are gone,', () => {
  it('are offered again, under new numbers', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: 5 });
    const giveBack = await site.holdLedger(couponId);
    const lost = await inParallel(newUserIds(5), (userId) => site.api.reserve(couponId, userId));
    expect(tally(lost)).toEqual({ 200: 5 });
    await site.redis.del(reservationKeys.pending(couponId));
    await site.app.kill();
    await giveBack();
    await site.start();

    const crowd = new Crowd(site.api, couponId, { clients: 1 });
    await crowd.buysOut(5);
    await expectPromisesKept(site, couponId, 5, crowd.asks);
    const rows = await site.database.userCoupons(couponId);
    expect(rows.map(({ sequenceNumber }) => sequenceNumber)).toEqual([6, 7, 8, 9, 10]);
  });
});

describe('an older copy of the file', () => {
  it('in which a failure was not yet released takes no slot from the user, who has been issued since', async () => {
    // Given a copy from between the failure of a user's reservation and its release
    const { couponId } = await site.api.createCoupon({ totalQuantity: 2 });
    // (no sweep may come after the first one: it would publish the new total before anyone asks)
    await site.start({ FAULT_POINT: 'after-failure-commit', COUPON_SWEEP_INTERVAL_MS: '600000' });
    await site.app.hasSwept();
    await site.database.change('UPDATE coupons SET total_quantity = 0 WHERE id = ?', [couponId]);
    const userId = newUserId();
    await site.api.reserve(couponId, userId);
    await site.app.exited;
    const copy = site.redisServer.copyFiles();

    // and then, the user gets the coupon at the second try
    await site.database.change('UPDATE coupons SET total_quantity = 2 WHERE id = ?', [couponId]);
    await site.start();
    await eventually(async () => expect(await site.api.reserve(couponId, userId)).toMatchObject({ status: 200 }));
    await eventually(async () => expect(await site.leftBehind(couponId)).toMatchObject({ pending: 0, rows: 1 }));

    // When Redis comes back with the copy
    await site.redisServer.kill();
    site.redisServer.restoreFiles(copy);
    await site.redisServer.restart();
    await eventually(async () => {
      expect(await site.leftBehind(couponId)).toEqual({ isOpen: true, reserved: 1, pending: 0, rows: 1, failures: 1 });
    });

    // Then they hold their slot, and the other one is all that is left
    expect(await site.api.reserve(couponId, userId)).toMatchObject({ error: 'ALREADY_ISSUED' });
    expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ status: 200 });
    expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ error: 'COUPON_SOLD_OUT' });
  });
});
