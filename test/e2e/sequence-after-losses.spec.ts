import { expect, it } from '@jest/globals';
import { ApiClient, tally } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import type { Ask } from '../support/crowd.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { expectPromisesKept } from '../support/promises.js';
import { Site } from '../support/site.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { newUserIds } from '../support/unique-ids.js';

const STOCK = 100;

let site: Site;

/** A process with a way of its own to MySQL, on which it can be cut off from the ledger while it still admits. */
async function startInstance() {
  const mysql = await TcpProxy.inFrontOf(site.mysqlServer.url);
  const env = { REDIS_URL: site.redisServer.url, DATABASE_URL: mysql.url, COUPON_SWEEP_INTERVAL_MS: '600000' };
  const app = await startApp({ env, waitFor: '/health/ready' });
  return { mysql, api: new ApiClient(app.url) };
}

async function reserveFor(api: ApiClient, couponId: number, count: number): Promise<Ask[]> {
  const asks = await inParallel(newUserIds(count), async (userId, client) => ({
    client,
    userId,
    answer: await api.reserve(couponId, userId),
  }));
  expect(tally(asks.map(({ answer }) => answer))).toEqual({ 200: count });
  return asks;
}

// After the first loss the coupon is oversubscribed: numbers of which the ledger knows nothing are more than its stock.
it('no number is given twice when Redis loses everything twice, and the ledger hears of the numbers late', async () => {
  site = await Site.open();
  const [first, second] = [await startInstance(), await startInstance()];
  const { couponId } = await first.api.createCoupon({ totalQuantity: STOCK });
  expect((await second.api.coupon(couponId)).status).toBe(200);

  // Given numbers from before the first loss, and others from after it, all of them unknown to the ledger
  first.mysql.stall();
  const asks = await reserveFor(first.api, couponId, 50);
  await site.redis.flushall();
  expect((await second.api.rebuild(couponId)).status).toBe(200);
  second.mysql.stall();
  asks.push(...(await reserveFor(second.api, couponId, 80)));
  first.mysql.resume();
  await eventually(async () => expect(await site.database.userCoupons(couponId)).toHaveLength(50));

  // When Redis loses everything again
  await site.redis.flushall();
  expect((await first.api.rebuild(couponId)).status).toBe(200);
  asks.push(...(await reserveFor(first.api, couponId, 50)));
  second.mysql.resume();

  // Then the numbers go on above all of them, and the ledger takes as many as there is stock
  await site.start();
  await expectPromisesKept(site, couponId, STOCK, asks);
});
