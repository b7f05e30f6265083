import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiClient, tally } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { awayFromMidnight } from '../support/business-midnight.js';
import { openDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { openRedis } from '../support/redis.js';
import { RankingClient, type RankedBody } from '../support/sales.js';
import { startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { Shop } from '../support/shop.js';
import { TcpProxy } from '../support/tcp-proxy.js';

/**
 * Payments through the API of two instances, one of which reaches Redis over a line that breaks; sales are exact all
 * the same.
 */

let apps: AppProcess[];
let shops: Shop[];
let redis: Redis;
/** Between the second instance and Redis. */
let line: TcpProxy;

beforeAll(awayFromMidnight);

beforeAll(async () => {
  const [mysql, { url }] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  const database = openDatabase(mysql.url);
  redis = openRedis(url);
  line = await TcpProxy.inFrontOf(url);
  apps = await inParallel([url, line.url], (redisUrl) =>
    // Nothing is reconciled on schedule: what heals is what the test is about.
    startApp({
      env: { DATABASE_URL: mysql.url, REDIS_URL: redisUrl, RANKING_RECONCILE_INTERVAL_MS: '3600000' },
      waitFor: '/health/ready',
    }),
  );
  shops = apps.map((app) => new Shop(new ApiClient(app.url), database));
});

const shop = (index: number): Shop => shops[index % shops.length] as Shop;

/** Orders of these products that their user can pay, one after the other of each. */
async function place(count: number, products: readonly number[]): Promise<Array<{ orderId: number; userId: number }>> {
  const users = await inParallel(Array.from({ length: 10 }), () => shop(0).user(1_000_000_000));
  return await inParallel(
    Array.from({ length: count }),
    async (_, index) => {
      const [userId = 0, productId = 0] = [users[index % users.length], products[index % products.length]];
      const items = [{ productId, quantity: 1 + (index % 3) }];
      return { userId, orderId: await shop(index).order(userId, items) };
    },
    10,
  );
}

/** The ranking as the paid orders in MySQL add up; of all of them, since they are all of today. */
async function sold(products: readonly number[]): Promise<Array<Pick<RankedBody, 'productId' | 'salesCount'>>> {
  const rows = await shop(0).database.rows<{ productId: number; salesCount: string }>(
    `SELECT item.product_id AS productId, SUM(item.quantity) AS salesCount
       FROM orders JOIN order_items item ON item.order_id = orders.id
      WHERE orders.status = 'PAID' AND item.product_id IN (?) GROUP BY item.product_id ORDER BY salesCount DESC, productId`,
    [products],
  );
  return rows.map(({ productId, salesCount }) => ({ productId, salesCount: Number(salesCount) }));
}

/** What the instance serves from Redis of these products; undefined while it serves from elsewhere. */
async function live(app: AppProcess, products: readonly number[]) {
  const { body } = await new RankingClient(new ApiClient(app.url)).top('?limit=100');
  if (body.source !== 'redis') return undefined;
  return body.rankings
    .filter(({ productId }) => products.includes(productId))
    .map(({ productId, salesCount }) => ({ productId, salesCount }));
}

const sum = (sales: ReadonlyArray<{ salesCount: number }>): number =>
  sales.reduce((total, { salesCount }) => total + salesCount, 0);

/** How many orders the reconciles of both had to count. */
async function corrections(): Promise<number> {
  const counts = await inParallel(apps, (app) => app.metric('firstcome_ranking_reconcile_corrections_total'));
  return counts.reduce((total, count) => total + count, 0);
}

const newProducts = (count: number) => inParallel(Array.from({ length: count }), () => shop(0).product({ price: 1 }));

describe('payments that come in while the day is reconciled', () => {
  it('are counted once, by the payment or by a reconcile; what is served meanwhile never goes back', async () => {
    const products = await newProducts(5);
    const orders = await place(900, products);
    const before = await corrections();
    const paying = new AbortController();

    // Each loss has both instances reconcile from the first order on, while payments come in.
    const losing = (async () => {
      for (; !paying.signal.aborted; await delay(150)) await redis.flushall();
    })();
    const reading = apps.map(async (app) => {
      const sums: number[] = [];
      for (; !paying.signal.aborted; await delay(2)) {
        const served = await live(app, products);
        if (served !== undefined) sums.push(sum(served));
      }
      return sums;
    });
    const answers = await inParallel(orders, ({ orderId, userId }, index) => shop(index).pay(orderId, userId), 12);
    paying.abort();
    await losing;
    const served = await Promise.all(reading);

    expect(tally(answers)).toEqual({ 200: 900 });
    const paid = await sold(products);
    expect(sum(paid)).toBe(1800);
    for (const app of apps) await eventually(async () => expect(await live(app, products)).toEqual(paid));
    for (const sums of served) expect(sums).toEqual([...sums].sort((a, b) => a - b));
    expect(await corrections()).toBeGreaterThan(before);
    // And none of it is counted again by one more.
    await redis.del(await redis.keys('ranking:*:reconciled'));
    for (const app of apps) await eventually(async () => expect(await live(app, products)).toEqual(paid));
  });
});

describe('an instance that loses its connection to Redis', () => {
  it.each([
    ['is cut', () => line.refuse(), () => line.accept()],
    ['falls silent', async () => line.stall(), async () => line.resume()],
  ])('that %s: counts its sales as soon as it is back', async (_how, breakLine, mendLine) => {
    const products = await newProducts(3);
    const orders = await place(30, products);
    const others = orders.filter((_order, index) => index % 2 === 0);
    const lost = orders.filter((_order, index) => index % 2 === 1);
    await breakLine();
    const answers = await inParallel(lost, ({ orderId, userId }) => shop(1).pay(orderId, userId), 5);
    expect(
      tally([...answers, ...(await inParallel(others, ({ orderId, userId }) => shop(0).pay(orderId, userId), 5))]),
    ).toEqual({ 200: 30 });
    const paid = await sold(products);
    // The other instance knows of its own sales only, and the one without Redis says that it does not ask there.
    expect(sum((await live(apps[0] as AppProcess, products)) ?? [])).toBeLessThan(sum(paid));
    expect(await live(apps[1] as AppProcess, products)).toBeUndefined();
    await mendLine();
    for (const app of apps) await eventually(async () => expect(await live(app, products)).toEqual(paid));
  });
});
