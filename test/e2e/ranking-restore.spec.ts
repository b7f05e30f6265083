import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { dayKeys, memberOf, rankingKeys } from '../../src/ranking/ranking-keys.js';
import { ApiClient } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { awayFromMidnight } from '../support/business-midnight.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { openRedis } from '../support/redis.js';
import { nameOf, RankingClient, SalesBook } from '../support/sales.js';
import { startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { Shop } from '../support/shop.js';

/** Orders whose ids mean something else: those of another version's keys, and those that a restored MySQL gives again. */

let database: TestDatabase;
let redis: Redis;
let shops: Shop[];
let product: number;
let buyer: number;

beforeAll(awayFromMidnight);

beforeAll(async () => {
  const [mysql, { url }] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  database = openDatabase(mysql.url);
  redis = openRedis(url);
  const env = { DATABASE_URL: mysql.url, REDIS_URL: url, RANKING_RECONCILE_INTERVAL_MS: '300' };
  const apps = await inParallel([1, 2], () => startApp({ env, waitFor: '/health/ready' }));
  shops = apps.map((app) => new Shop(new ApiClient(app.url), database));
  [product, buyer] = [await shop(0).product({ price: 1 }), await shop(0).user(1_000_000)];
});

const shop = (index: 0 | 1): Shop => shops[index] as Shop;

/** Pays for so many; returns the id of the order. */
async function buy(index: 0 | 1, quantity: number): Promise<number> {
  const orderId = await shop(index).order(buyer, [{ productId: product, quantity }]);
  expect((await shop(index).pay(orderId, buyer)).status).toBe(200);
  return orderId;
}

/** Polls until both instances see so many in Redis; returns the day. */
async function expectSold(salesCount: number): Promise<string> {
  let day = '';
  for (const { api } of shops) {
    await eventually(async () => {
      const { body } = await new RankingClient(api).top();
      const rankings = [{ rank: 1, productId: product, productName: nameOf(product), salesCount }];
      expect(body).toMatchObject({ source: 'redis', rankings: salesCount === 0 ? [] : rankings });
      day = body.date;
    });
  }
  return day;
}

describe('beside instances of the version before', () => {
  it('the sales that they take are counted, and none of them twice', async () => {
    const day = await expectSold(0);
    // As they count an order: under its id, in keys of their own.
    const orderId = await buy(0, 2);
    await expectSold(2);
    await redis.sadd(`ranking:{${day}}:orders`, orderId);
    await redis.zincrby(`ranking:{${day}}:sales`, 2, memberOf(product));
    await redis.set(`ranking:{${day}}:complete`, 'their run_id');
    // And one that they have taken, of which we hear by a reconcile alone.
    await new SalesBook(database).paidOrder([{ productId: product, quantity: 3 }]);
    await expectSold(5);
  });
});

describe('after a restore of MySQL', () => {
  it('sales under ids that are given again are counted, and the command of the handbook forgets the lost ones', async () => {
    const before = 5;
    const lost = [await buy(0, 2), await buy(1, 5)];
    const day = await expectSold(before + 7);

    for (const table of ['orders', 'order_items']) await database.change(`DELETE FROM ${table}`);
    await database.change(`ALTER TABLE orders AUTO_INCREMENT = ${Math.min(...lost)}`);
    expect([await buy(1, 3), await buy(0, 1)]).toEqual(lost);
    await expectSold(before + 7 + 4);

    await redis.del(...dayKeys(day), rankingKeys.reconciling(day));
    await expectSold(4);
  });
});
