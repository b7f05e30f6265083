import { beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, boundsOf, businessDayOf } from '../../src/ranking/business-day.js';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { awayFromMidnight } from '../support/business-midnight.js';
import { openDatabase } from '../support/database.js';
import { eventually } from '../support/poll.js';
import { nameOf, RankingClient, SalesBook, type TopBody } from '../support/sales.js';
import { startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { Shop } from '../support/shop.js';

/** The contract of the two calls, on servers where nobody else sells. */

const ZONE = 'Asia/Seoul';
const today = (): string => businessDayOf(new Date(), ZONE);

let env: Record<string, string>;
let app: AppProcess;
let ranking: RankingClient;
let salesBook: SalesBook;
let shop: Shop;

beforeAll(awayFromMidnight);

beforeAll(async () => {
  const [mysql, redis] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  env = { DATABASE_URL: mysql.url, REDIS_URL: redis.url };
  app = await startApp({ env, waitFor: '/health/ready' });
  const api = new ApiClient(() => app.url);
  ranking = new RankingClient(api);
  salesBook = new SalesBook(openDatabase(mysql.url));
  shop = new Shop(api, salesBook.database);
});

/** An order that is paid through the API. */
async function buy(productId: number, quantity: number): Promise<void> {
  const userId = await shop.user(1_000_000);
  expect((await shop.pay(await shop.order(userId, [{ productId, quantity }]), userId)).status).toBe(200);
}

/** Polls until the product has sold so much, from Redis. */
async function expectSales(productId: number, salesCount: number): Promise<void> {
  await eventually(async () => {
    expect((await ranking.product(productId)).body).toMatchObject({ source: 'redis', salesCount });
  });
}

describe('before the first sale', () => {
  it('the ranking is an empty list from Redis', async () => {
    const { body } = await eventually(async () => {
      const answer = await ranking.top();
      expect(answer).toMatchObject({ status: 200, body: { source: 'redis' } });
      return answer;
    });
    expect(body).toEqual({ date: today(), source: 'redis', asOf: expect.any(String), rankings: [] });
  });
});

describe('the ranking of today', () => {
  it('counts paid orders, and of equals shows the lower id first', async () => {
    const [a = 0, b = 0, c = 0] = await salesBook.products(3);
    await buy(c, 2);
    await buy(b, 2);
    await buy(a, 3);
    await Promise.all([expectSales(a, 3), expectSales(b, 2), expectSales(c, 2)]);
    const startedAt = Date.now();
    const { status, body } = await ranking.top();
    expect(status).toBe(200);
    expect(body).toEqual({
      date: today(),
      source: 'redis',
      asOf: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      rankings: [
        { rank: 1, productId: a, productName: nameOf(a), salesCount: 3 },
        { rank: 2, productId: b, productName: nameOf(b), salesCount: 2 },
        { rank: 3, productId: c, productName: nameOf(c), salesCount: 2 },
      ],
    });
    expect(Date.parse(body.asOf ?? '')).toBeGreaterThanOrEqual(startedAt);
    expect((await ranking.top(`?limit=1&date=${today()}`)).body.rankings).toEqual(body.rankings.slice(0, 1));
    expect((await ranking.product(c)).body).toEqual({
      date: today(),
      source: 'redis',
      asOf: expect.any(String),
      productId: c,
      rank: 3,
      salesCount: 2,
    });
  });

  it('does not count an order that is not paid, and knows nothing of a product without a sale or that does not exist', async () => {
    const [productId = 0] = await salesBook.products(1);
    await shop.order(await shop.user(), [{ productId, quantity: 1 }]);
    for (const id of [productId, 999_999_999]) {
      expect(await ranking.product(id)).toMatchObject({
        status: 200,
        body: { source: 'redis', productId: id, rank: null, salesCount: 0 },
      });
    }
  });

  it('shows ten products unless told otherwise', async () => {
    const products = await salesBook.products(12);
    await salesBook.paidOrder(products.map((productId) => ({ productId, quantity: 1 })));
    await expectSales(products.at(-1) ?? 0, 1);
    expect((await ranking.top()).body.rankings).toHaveLength(10);
    expect((await ranking.top('?limit=100')).body.rankings.length).toBeGreaterThanOrEqual(12);
  });
});

describe('a past day', () => {
  it.each([1, 6, 30])(
    '%i days ago is added up from the paid orders, and stored as the backup of the day',
    async (daysAgo) => {
      const day = addDays(today(), -daysAgo);
      const { from, to } = boundsOf(day, ZONE);
      const [a = 0, b = 0, outside = 0] = await salesBook.products(3);
      await salesBook.paidOrder(
        [
          { productId: a, quantity: 1 },
          { productId: b, quantity: 2 },
        ],
        from,
      );
      await salesBook.paidOrder([{ productId: a, quantity: 2 }], new Date(to.getTime() - 1));
      await salesBook.paidOrder([{ productId: outside, quantity: 7 }], new Date(from.getTime() - 1));
      const rankings = [
        { rank: 1, productId: a, productName: nameOf(a), salesCount: 3 },
        { rank: 2, productId: b, productName: nameOf(b), salesCount: 2 },
      ];
      const sources: Array<TopBody['source']> = daysAgo <= 7 ? ['redis'] : ['backup'];
      await eventually(async () => {
        const { body } = await ranking.top(`?date=${day}`);
        expect(body.rankings).toEqual(rankings);
        expect(sources).toContain(body.source);
        expect(body.date).toBe(day);
      });
      expect((await ranking.product(a, `?date=${day}`)).body).toMatchObject({ date: day, rank: 1, salesCount: 3 });
      expect((await ranking.product(outside, `?date=${day}`)).body).toMatchObject({ rank: null, salesCount: 0 });
    },
  );

  it('without a sale is an empty list', async () => {
    expect(await ranking.top('?date=2001-02-03')).toMatchObject({
      status: 200,
      body: { date: '2001-02-03', source: 'database', asOf: expect.any(String), rankings: [] },
    });
  });

  it('beyond the top 100 of a backup knows neither rank nor count', async () => {
    const day = addDays(today(), -40);
    const products = await salesBook.products(101);
    await salesBook.paidOrder(
      products.map((productId, index) => ({ productId, quantity: 200 - index })),
      boundsOf(day, ZONE).from,
    );
    expect((await ranking.product(products.at(99) ?? 0, `?date=${day}`)).body).toMatchObject({
      rank: 100,
      salesCount: 101,
    });
    expect((await ranking.product(products.at(100) ?? 0, `?date=${day}`)).body).toMatchObject({
      rank: null,
      salesCount: null,
    });
  });
});

describe('what is refused', () => {
  const tomorrow = addDays(today(), 2);

  it.each([
    ['date', `?date=${tomorrow}`, 'must not be later than today'],
    ['date', '?date=2026-02-30', 'YYYY-MM-DD'],
    ['date', '?date=yesterday', 'YYYY-MM-DD'],
    ['date', '?date=', 'YYYY-MM-DD'],
    ['date', '?date=2026-11-01&date=2026-11-02', 'YYYY-MM-DD'],
    ['limit', '?limit=0', 'from 1 to 100'],
    ['limit', '?limit=101', 'from 1 to 100'],
    ['limit', '?limit=-1', 'from 1 to 100'],
    ['limit', '?limit=1.5', 'from 1 to 100'],
    ['limit', '?limit=', 'from 1 to 100'],
  ])('a wrong %s: %s', async (path, query, message) => {
    const answer = await ranking.top(query);
    expect(answer).toMatchObject({ status: 400, error: 'VALIDATION_FAILED' });
    expect(answer.body).toMatchObject({ errors: [{ path, message: expect.stringContaining(message) }] });
  });

  it('a wrong date or product id of one product', async () => {
    for (const path of [`1?date=${tomorrow}`, '1?date=x', 'abc', '0']) {
      expect(await ranking.product(path)).toMatchObject({ status: 400, error: 'VALIDATION_FAILED' });
    }
  });
});

describe('the OpenAPI document', () => {
  it.each([
    ['/api/products/ranking/top', 'TopRanking'],
    ['/api/products/ranking/product/{productId}', 'ProductRank'],
  ])('describes %s', async (path, answer) => {
    const { body } = await ranking.api.call<{
      paths: Record<string, Record<string, unknown>>;
      components: { schemas: Record<string, unknown> };
    }>('/docs-json');
    const operation = JSON.stringify(body.paths[path]?.['get']);
    for (const word of ['VALIDATION_FAILED', 'RATE_LIMITED', 'INTERNAL_ERROR', 'summary', `schemas/${answer}`])
      expect(operation).toContain(word);
    const schema = JSON.stringify(body.components.schemas[answer]);
    for (const word of ['asOf', 'example', 'none']) expect(schema).toContain(word);
  });
});

describe('the metrics', () => {
  it('name reads by source, backup failures, the age of the backup and corrections', async () => {
    const text = await (await fetch(`${app.url}/metrics`)).text();
    expect(text).toMatch(/firstcome_ranking_reads_total\{source="redis"\} [1-9]/);
    expect(text).toMatch(/firstcome_ranking_backup_failures_total 0/);
    expect(text).toMatch(/firstcome_ranking_backup_age_seconds \d/);
    expect(text).toMatch(/firstcome_ranking_reconcile_corrections_total [1-9]/);
  });
});

// The last ones: they end the application.
describe('a crash between the commit of a payment and its count', () => {
  it('loses no sale', async () => {
    await app.kill();
    app = await startApp({
      env: { ...env, FAULT_POINT: 'before-ranking-count', RANKING_RECONCILE_INTERVAL_MS: '3600000' },
    });
    const [productId = 0] = await salesBook.products(1);
    const userId = await shop.user(1_000_000);
    const orderId = await shop.order(userId, [{ productId, quantity: 4 }]);
    expect((await shop.pay(orderId, userId)).status).toBe(0);
    expect(await app.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(
      (await salesBook.database.row<{ status: string }>('SELECT status FROM orders WHERE id = ?', [orderId])).status,
    ).toBe('PAID');

    app = await startApp({ env: { ...env, RANKING_RECONCILE_INTERVAL_MS: '3600000' } });
    await expectSales(productId, 4);
  });
});

describe('a refund', () => {
  it('is counted down, also after a crash between its commit and its count', async () => {
    const [productId = 0] = await salesBook.products(1);
    const userId = await shop.user(1_000_000);
    const orders: number[] = [];
    for (const quantity of [4, 2, 1]) {
      const orderId = await shop.order(userId, [{ productId, quantity }]);
      expect((await shop.pay(orderId, userId)).status).toBe(200);
      orders.push(orderId);
    }
    await expectSales(productId, 7);
    const [first = 0, second = 0] = orders;
    expect(await shop.cancel(first, userId)).toMatchObject({ status: 200, body: { status: 'REFUNDED' } });
    await expectSales(productId, 3);

    await app.kill();
    app = await startApp({
      env: { ...env, FAULT_POINT: 'before-ranking-uncount', RANKING_RECONCILE_INTERVAL_MS: '3600000' },
    });
    expect((await shop.cancel(second, userId)).status).toBe(0);
    expect(await app.exited).toEqual({ code: null, signal: 'SIGKILL' });
    app = await startApp({ env: { ...env, RANKING_RECONCILE_INTERVAL_MS: '3600000' } });
    await expectSales(productId, 1);
  });
});
