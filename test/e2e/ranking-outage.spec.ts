import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { awayFromMidnight } from '../support/business-midnight.js';
import { openDatabase } from '../support/database.js';
import { Scrape } from '../support/metrics.js';
import { eventually } from '../support/poll.js';
import { ReadsInRedis } from '../support/ranking-reads.js';
import { openRedis } from '../support/redis.js';
import { type Item, nameOf, RankingClient, SalesBook, type TopBody } from '../support/sales.js';
import { type PrivateServer, startPrivateMysql, startPrivateRedis } from '../support/servers.js';

/**
 * P7: the ranking while Redis, MySQL or both are away. Each test has servers of its own, and its first sale in them.
 */

let mysql: PrivateServer;
let redis: PrivateServer;
let app: AppProcess;
let ranking: RankingClient;
let salesBook: SalesBook;
let env: Record<string, string>;
let product: number;

beforeAll(awayFromMidnight);

beforeAll(async () => {
  mysql = await startPrivateMysql();
  salesBook = new SalesBook(openDatabase(mysql.url));
});

beforeEach(async () => {
  redis = await startPrivateRedis();
  await salesBook.clear();
  [product = 0] = await salesBook.products(1);
  env = { DATABASE_URL: mysql.url, REDIS_URL: redis.url, RANKING_RECONCILE_INTERVAL_MS: '300' };
});

async function start(overrides: Record<string, string> = {}): Promise<void> {
  app = await startApp({ env: { ...env, ...overrides } });
  ranking = new RankingClient(new ApiClient(app.url));
}

const one = (quantity: number): Item[] => [{ productId: product, quantity }];
const listed = (salesCount: number) => [{ rank: 1, productId: product, productName: nameOf(product), salesCount }];

/** Polls until the ranking comes from this source and has exactly this sale. */
async function expectTop(source: TopBody['source'], salesCount: number): Promise<TopBody> {
  return await eventually(async () => {
    const { status, body } = await ranking.top();
    expect({ status, source: body.source, rankings: body.rankings }).toEqual({
      status: 200,
      source,
      rankings: listed(salesCount),
    });
    return body;
  });
}

interface Readers {
  stop(): Promise<Array<{ status: number; body: TopBody }>>;
}

/** 1 while the application does not ask Redis for rankings. */
async function rankingBreaker(): Promise<number | undefined> {
  return (await Scrape.of(app)).value('firstcome_circuit_breaker_open', { breaker: 'ranking' });
}

let running: Readers[] = [];

afterEach(async () => {
  for (const load of running) await load.stop();
  running = [];
  await app.kill();
});

/** Readers that go on until they are stopped; what they were answered. */
function readers(count: number): Readers {
  const answers: Array<{ status: number; body: TopBody }> = [];
  const stopping = new AbortController();
  const reading = Array.from({ length: count }, async () => {
    for (; !stopping.signal.aborted; await delay(2)) {
      const { status, body } = await ranking.top();
      answers.push({ status, body });
    }
  });
  const load = {
    stop: async () => {
      stopping.abort();
      await Promise.all(reading);
      return answers;
    },
  };
  running.push(load);
  return load;
}

async function expectNeverEmpty(under: Readers, sources: ReadonlyArray<TopBody['source']>): Promise<void> {
  const answers = await under.stop();
  expect(answers.length).toBeGreaterThan(0);
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(answers.filter(({ body }) => body.rankings.length === 0)).toEqual([]);
  expect(answers.filter(({ body }) => !sources.includes(body.source))).toEqual([]);
}

describe('Redis is killed while many read', () => {
  it('with a backup there: its numbers and its time, then the sales of the outage', async () => {
    await salesBook.paidOrder(one(2));
    await start({ RANKING_BACKUP_INTERVAL_MS: '300' });
    await expectTop('redis', 2);
    await eventually(async () => expect(await salesBook.backup((await ranking.top()).body.date)).toHaveLength(1));
    // One for which the next backup is not due yet.
    await app.kill();
    await start();
    await expectTop('redis', 2);
    const load = readers(8);
    expect(await rankingBreaker()).toBe(0);
    await redis.kill();
    await expectTop('backup', 2);
    expect(await rankingBreaker()).toBe(1);
    const { body } = await ranking.top();
    const { asOf } = body;
    const [{ backedUpAt } = { backedUpAt: undefined }] = await salesBook.backup(body.date);
    expect(asOf).toBe(backedUpAt?.toISOString());
    expect((await ranking.product(product)).body).toMatchObject({ source: 'backup', asOf, rank: 1, salesCount: 2 });
    expect((await ranking.product(1)).body).toMatchObject({ source: 'backup', rank: null, salesCount: 0 });

    await salesBook.paidOrder(one(3));
    await redis.restart();
    await expectTop('redis', 5);
    expect(await rankingBreaker()).toBe(0);
    await expectNeverEmpty(load, ['redis', 'backup']);
  });

  it('without a backup: the paid orders, stored as the backup of the day', async () => {
    await salesBook.paidOrder(one(2));
    await start();
    await expectTop('redis', 2);
    const load = readers(8);
    await redis.kill();
    const { date } = await expectTop('backup', 2);
    expect((await salesBook.backup(date)).map(({ backedUpAt: _at, ...row }) => row)).toEqual(listed(2));
    await salesBook.paidOrder(one(3));
    // The backup does not know yet.
    await expectTop('backup', 2);
    await redis.restart();
    await expectTop('redis', 5);
    await expectNeverEmpty(load, ['redis', 'database', 'backup']);
  });

  it('with a backup that nobody has replaced for two intervals: the paid orders, again and again', async () => {
    await salesBook.paidOrder(one(2));
    await start({ RANKING_BACKUP_INTERVAL_MS: '300' });
    await expectTop('redis', 2);
    const load = readers(8);
    await redis.kill();
    await expectTop('backup', 2);
    const refunded = await salesBook.paidOrder(one(3));
    await expectTop('backup', 5);
    await salesBook.refund(refunded);
    await salesBook.paidOrder(one(1));
    await expectTop('backup', 3);
    await expectNeverEmpty(load, ['redis', 'database', 'backup']);
  });

  it('before anything was sold: an empty list from the database, and the first sale as soon as there is one', async () => {
    await start();
    await eventually(async () => expect((await ranking.top()).body.source).toBe('redis'));
    await redis.kill();
    await eventually(async () =>
      expect((await ranking.top()).body).toMatchObject({ source: 'database', rankings: [] }),
    );
    const before = Date.now();
    await salesBook.paidOrder(one(1));
    const { body } = await ranking.top();
    expect(body).toMatchObject({ source: 'database', rankings: listed(1) });
    expect(Date.parse(body.asOf ?? '')).toBeGreaterThanOrEqual(before);
  });
});

describe('Redis stands still', () => {
  it('is asked by the first reader alone, and not again until it answers and is reconciled', async () => {
    await salesBook.paidOrder(one(2));
    await start({ RANKING_RECONCILE_INTERVAL_MS: '3600000', RANKING_READ_TIMEOUT_MS: '200' });
    await expectTop('redis', 2);
    expect((await ranking.product(product)).body.source).toBe('redis');
    expect(await rankingBreaker()).toBe(0);

    const seen = await ReadsInRedis.watch(redis.url);
    await redis.freeze();
    const { body } = await ranking.top();
    expect(body.rankings).toEqual(listed(2));
    expect(['database', 'backup']).toContain(body.source);
    expect(await rankingBreaker()).toBe(1);
    const load = readers(8);
    for (let time = 0; time < 30; time += 1) expect((await ranking.product(product)).body.source).toBe('backup');
    await expectNeverEmpty(load, ['database', 'backup']);
    await salesBook.paidOrder(one(1));

    await redis.thaw();
    await eventually(async () => expect(await rankingBreaker()).toBe(0));
    // What the first one sent was carried out now, unless its connection was given up before.
    const asked = await seen.count();
    expect(asked).toBeLessThanOrEqual(1);
    expect((await ranking.top()).body).toMatchObject({ source: 'redis', rankings: listed(3) });
    expect(await seen.count()).toBe(asked + 1);
  });
});

describe('Redis comes back with less than it had', () => {
  it('after FLUSHALL every sale is counted again, and no half list is seen or backed up', async () => {
    const items = Array.from({ length: 300 }, () => ({ orderId: 0, items: one(1), paidAt: new Date() }));
    const orders = items.map((order, index) => ({ ...order, orderId: index + 1 }));
    await salesBook.paidOrders(orders);
    await start({ RANKING_BACKUP_INTERVAL_MS: '200' });
    await expectTop('redis', 300);
    const load = readers(4);
    const client = openRedis(redis.url);
    for (let time = 0; time < 5; time += 1) {
      await client.flushall();
      await expectTop('redis', 300);
    }
    const answers = await load.stop();
    expect(new Set(answers.map(({ body }) => body.rankings[0]?.salesCount))).toEqual(new Set([300]));
    const { date } = (await ranking.top()).body;
    expect((await salesBook.backup(date)).map(({ salesCount }) => salesCount)).toEqual([300]);
  });

  it('restored from an older file it is not believed until it is reconciled', async () => {
    await salesBook.paidOrder(one(2));
    await start();
    await expectTop('redis', 2);
    // The append-only file is written once a second.
    await redis.stop();
    const older = redis.copyFiles();
    await redis.restart();
    await salesBook.paidOrder(one(5));
    await expectTop('redis', 7);
    const load = readers(4);
    await redis.stop();
    redis.restoreFiles(older);
    await redis.restart();
    await expectTop('redis', 7);
    const answers = await load.stop();
    const seen = (isLive: boolean) =>
      new Set(
        answers
          .filter(({ body }) => (body.source === 'redis') === isLive)
          .map(({ body }) => body.rankings[0]?.salesCount),
      );
    expect(seen(true)).toEqual(new Set([7]));
    // The backup may be from before, and says so.
    for (const salesCount of seen(false)) expect([2, 7]).toContain(salesCount);
  });
});

describe.each<[how: string, takeAway: () => Promise<void>, bringBack: () => Promise<void>]>([
  ['is dead', () => mysql.kill(), () => mysql.restart()],
  ['stands still', () => mysql.freeze(), () => mysql.thaw()],
])('Redis is dead, and MySQL %s', (_how, takeAway, bringBack) => {
  let isAway = false;

  async function takeMysqlAway(): Promise<void> {
    isAway = true;
    await takeAway();
  }

  async function bringMysqlBack(): Promise<void> {
    if (isAway) await bringBack();
    isAway = false;
  }

  // The servers of a test that failed have to answer the next one.
  afterEach(bringMysqlBack);

  /** A sale is made where nobody saw it; then Redis is back too. */
  async function expectRecovery(salesCount: number): Promise<void> {
    await bringMysqlBack();
    await eventually(() => salesBook.paidOrder(one(3)));
    await redis.restart();
    await expectTop('redis', salesCount + 3);
  }

  it('answers from memory, under the time of the numbers; then with the sales of the outage', async () => {
    await salesBook.paidOrder(one(2));
    await start();
    const { asOf } = await expectTop('redis', 2);
    await takeMysqlAway();
    expect((await ranking.top()).body).toMatchObject({ source: 'redis', rankings: listed(2) });
    const load = readers(4);
    await redis.kill();
    const body = await expectTop('memory', 2);
    expect(Date.parse(body.asOf ?? '')).toBeGreaterThanOrEqual(Date.parse(asOf ?? ''));
    expect(Date.parse(body.asOf ?? '')).toBeLessThanOrEqual(Date.now());
    expect((await ranking.product(product)).body).toMatchObject({ source: 'memory', rank: 1, salesCount: 2 });
    await expectRecovery(2);
    await expectNeverEmpty(load, ['redis', 'memory', 'database', 'backup']);
  });

  it('answers an empty list with source none when nothing was read before; then what was sold', async () => {
    await salesBook.paidOrder(one(2));
    await start();
    await redis.kill();
    await takeMysqlAway();
    const { status, body } = await ranking.top();
    expect({ status, body }).toMatchObject({ status: 200, body: { source: 'none', asOf: null, rankings: [] } });
    expect((await ranking.product(product)).body).toMatchObject({
      source: 'none',
      asOf: null,
      rank: null,
      salesCount: null,
    });
    await expectRecovery(2);
  });
});
