import { beforeAll, describe, expect, it } from '@jest/globals';
import { reservationKeys } from '../../src/coupon/reservation/reservation-keys.js';
import { expectConsistent } from '../support/drop.js';
import { eventually } from '../support/poll.js';
import { Shop } from '../support/shop.js';
import { Site } from '../support/site.js';

/** What docs/operations.md says of a MySQL that is put back to a backup, while Redis is as it was. */

const KEY = { 'idempotency-key': 'charge-once' };

let site: Site;
let shop: Shop;
/** Has a row in the backup, and one who got theirs later. */
let early: number;
let late: number;
/** In the backup, and one that was created later. */
let kept: number;
let lost: number;

beforeAll(async () => {
  site = await Site.open();
  shop = new Shop(site.api, site.database);
  await site.start();
  early = await shop.user(10_000);
  late = await shop.user();
  const productId = await shop.product({ price: 5000 });
  kept = (await site.api.createCoupon({ totalQuantity: 10 })).couponId;
  expect(await site.api.issue(kept, early)).toMatchObject({ status: 200, body: { sequenceNumber: 1 } });
  await site.app.kill('SIGTERM');
  await site.mysqlServer.stop();
  const backup = site.mysqlServer.copyFiles();

  await site.mysqlServer.restart();
  await site.start();
  expect(await site.api.issue(kept, late)).toMatchObject({ status: 200, body: { sequenceNumber: 2 } });
  expect(await site.api.patchCoupon(kept, { totalQuantity: 20, isActive: false })).toMatchObject({ status: 200 });
  expect(await shop.charge(early, { amount: 700 }, KEY)).toMatchObject({ status: 200, body: { balance: 10_700 } });
  const orderId = await shop.order(early, [{ productId, quantity: 1 }], kept);
  expect(await shop.pay(orderId, early)).toMatchObject({ status: 200 });
  lost = (await site.api.createCoupon()).couponId;
  expect(await site.api.issue(lost, early)).toMatchObject({ status: 200 });

  await site.app.kill('SIGTERM');
  await site.mysqlServer.stop();
  site.mysqlServer.restoreFiles(backup);
  await site.mysqlServer.restart();
  await site.start();
});

describe('after MySQL was put back to a backup', () => {
  it('a coupon is what it was, and who got it since may ask again, under a number that nobody had', async () => {
    await eventually(async () =>
      expect(await site.api.reserve(kept, late)).toMatchObject({ status: 200, body: { sequenceNumber: 3 } }),
    );
    await expectConsistent(site.api, kept);
    const { body } = await site.api.coupon(kept);
    expect(body).toMatchObject({ totalQuantity: 10, isActive: true, issuedQuantity: 2 });
    expect(await site.api.reserve(kept, early)).toMatchObject({ error: 'ALREADY_ISSUED' });
  });

  it('orders, charges and their keys are gone together: a repeated charge is carried out, once', async () => {
    expect(await shop.balanceOf(early)).toBe(10_000);
    expect(await shop.orderCounts(early)).toEqual({});
    const coupons = await site.api.call(`/api/users/${early}/coupons`);
    expect(JSON.stringify(coupons.body)).toContain('AVAILABLE');
    for (let time = 1; time <= 2; time += 1)
      expect(await shop.charge(early, { amount: 700 }, KEY)).toMatchObject({ status: 200, body: { balance: 10_700 } });
  });

  it('a coupon that was created since is closed, and its id is free for another one', async () => {
    await eventually(async () => {
      expect(await site.redis.exists(reservationKeys.users(lost))).toBe(0);
      expect(await site.api.reserve(lost, late)).toMatchObject({ error: 'COUPON_NOT_FOUND' });
    });
    expect((await site.api.createCoupon()).couponId).toBe(lost);
    await eventually(async () => expect(await site.api.reserve(lost, early)).toMatchObject({ status: 200 }));
    await expectConsistent(site.api, lost);
  });
});
