import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import mysqlDriver from 'mysql2/promise';
import { MetricsRegistry } from '../../src/platform/metrics/metrics-registry.js';
import { RedisConnection } from '../../src/platform/redis/redis-connection.js';
import { BackUpRankingJob } from '../../src/ranking/backup/back-up-ranking.job.js';
import { BackupService } from '../../src/ranking/backup/backup.service.js';
import { BusinessCalendar } from '../../src/ranking/business-calendar.js';
import { addDays } from '../../src/ranking/business-day.js';
import { rankingKeys } from '../../src/ranking/ranking-keys.js';
import { RankingService, type TopView } from '../../src/ranking/ranking.service.js';
import { LedgerRanking } from '../../src/ranking/reading/ledger-ranking.js';
import { ReconcileRankingJob } from '../../src/ranking/reconcile/reconcile-ranking.job.js';
import { awayFromMidnight } from '../support/business-midnight.js';
import { atEndOfFile } from '../support/cleanup.js';
import { Instance } from '../support/instance.js';
import { openOwnServers, type OwnServers } from '../support/own-servers.js';
import { ageReconcile } from '../support/planted-faults.js';
import { eventually } from '../support/poll.js';
import { expectConnected } from '../support/redis.js';
import { nameOf, SalesBook } from '../support/sales.js';
import { TcpProxy } from '../support/tcp-proxy.js';

/** Two instances, of which the first reaches Redis and MySQL over a line of its own each, and may be cut off from one. */

/** Three intervals of an instance in a test. */
const LEASE_MS = 3 * 3_600_000;

let own: OwnServers;
let redisLine: TcpProxy;
let mysqlLine: TcpProxy;
let one: Instance;
let other: Instance;
let salesBook: SalesBook;
let product: number;
let today: string;

beforeAll(awayFromMidnight);

beforeAll(async () => {
  own = await openOwnServers('ranking_cut_off');
  const { redisUrl, databaseUrl } = own.servers;
  [redisLine, mysqlLine] = [await TcpProxy.inFrontOf(redisUrl), await TcpProxy.inFrontOf(databaseUrl)];
  other = await Instance.open({ servers: own.servers });
  one = await Instance.open({ servers: { redisUrl: redisLine.url, databaseUrl: mysqlLine.url } });
  salesBook = new SalesBook(own.database);
  today = one.get(BusinessCalendar).today();
});

/** Every test begins with one product of which two were sold today, as both instances see it in Redis. */
beforeEach(async () => {
  await Promise.all([redisLine.accept(), mysqlLine.accept()]);
  await salesBook.clear();
  await own.redis.flushall();
  [product = 0] = await salesBook.products(1);
  await sell(2);
  for (const instance of [one, other]) {
    await eventually(() => expectConnected(instance.get(RedisConnection)));
    await eventually(async () => expect(await instance.get(ReconcileRankingJob).reconcileAll()).toBe(true));
    await expectTop(instance, 'redis', 2);
  }
});

// The application ends only when it can say goodbye to both.
afterEach(() => Promise.all([redisLine.accept(), mysqlLine.accept()]));

async function sell(quantity: number, paidAt = new Date()): Promise<void> {
  await salesBook.paidOrder([{ productId: product, quantity }], paidAt);
}

const top = (instance: Instance, date?: string): Promise<TopView> =>
  instance.get(RankingService).top({ date, limit: 10 });

const listed = (salesCount: number, productName = nameOf(product)) => [
  { rank: 1, productId: product, productName, salesCount },
];

async function expectTop(instance: Instance, source: TopView['source'], salesCount: number): Promise<void> {
  await eventually(async () => expect(await top(instance)).toMatchObject({ source, rankings: listed(salesCount) }));
}

async function valueOf(instance: Instance, name: string, breaker?: string): Promise<number | undefined> {
  const metric = await instance.get(MetricsRegistry).getSingleMetric(name)?.get();
  return metric?.values.find(({ labels }) => breaker === undefined || labels['breaker'] === breaker)?.value;
}

const breakerOf = (instance: Instance, breaker: string) => valueOf(instance, 'firstcome_circuit_breaker_open', breaker);

/** Nobody reads or writes this table; call the result to let go of it. */
async function lockTable(table: 'products' | 'order_items'): Promise<() => Promise<void>> {
  const holder = await mysqlDriver.createConnection({ uri: own.servers.databaseUrl });
  atEndOfFile(async () => holder.destroy());
  await holder.query(`LOCK TABLES ${table} WRITE`);
  return async () => void (await holder.query('UNLOCK TABLES'));
}

describe('an instance that is cut off from MySQL alone', () => {
  beforeEach(() => mysqlLine.refuse());

  it('gives its turn to reconcile back at once, so that another one counts what was missed', async () => {
    await sell(3);
    expect(await one.get(ReconcileRankingJob).run()).toBe(false);
    expect(await own.redis.exists(rankingKeys.turn('reconcile'))).toBe(0);
    expect(await other.get(ReconcileRankingJob).run()).toBe(true);
    await expectTop(other, 'redis', 5);
    // That is kept: nobody does the same work again.
    expect(await other.get(ReconcileRankingJob).run()).toBe(false);
  });

  it('gives its turn to back up back at once, so that another one does', async () => {
    expect(await one.get(BackUpRankingJob).run()).toBe(false);
    expect(await own.redis.exists(rankingKeys.turn('backup'))).toBe(0);
    expect(await other.get(BackUpRankingJob).run()).toBe(true);
    expect(await salesBook.backup(today)).toMatchObject(listed(2));
    expect(await other.get(BackUpRankingJob).run()).toBe(false);
  });

  it('tells how long ago the last reconcile began, of whichever instance', async () => {
    await ageReconcile(own.redis, today, 100_000);
    for (const instance of [one, other]) {
      // Whose turn it is does not matter: this one has just been started, and that of `one` fails.
      await own.redis.set(rankingKeys.turn('reconcile'), 'of a third instance', 'NX');
      expect(await instance.get(ReconcileRankingJob).run()).toBe(false);
      const age = await valueOf(instance, 'firstcome_ranking_reconcile_age_seconds');
      expect(age).toBeGreaterThanOrEqual(100);
      expect(age).toBeLessThan(200);
    }
  });
});

describe('an instance that is cut off from Redis alone', () => {
  beforeEach(() => redisLine.refuse());

  it('stores no name that it could not look up, and shows it as soon as anyone can', async () => {
    const unlock = await lockTable('products');
    // Nobody has read these names, so nobody remembers them.
    await salesBook.clear();
    const unseen = product + 1_000_000_000;
    await salesBook.paidOrder([{ productId: unseen, quantity: 4 }]);
    const shown = await top(one);
    expect(shown.rankings).toEqual([{ rank: 1, productId: unseen, productName: 'Unknown product', salesCount: 4 }]);
    expect(await salesBook.backup(today)).toMatchObject([{ productId: unseen, productName: null }]);
    await unlock();
    // It was deleted, for all that they know; and then it is there.
    expect((await top(one)).rankings).toMatchObject([{ productName: 'Unknown product' }]);
    await own.database.change("INSERT INTO products (id, name, price, stock) VALUES (?, 'Known by now', 1, 1)", [
      unseen,
    ]);
    for (const reader of [one, other]) {
      await eventually(async () =>
        expect(await reader.get(LedgerRanking).top(today)).toMatchObject({
          source: 'backup',
          products: [{ productId: unseen, productName: 'Known by now' }],
        }),
      );
    }
  });

  it('reads today whatever a past day takes, and the backups whatever it takes to add up today', async () => {
    const past = addDays(today, -3);
    const backedUp = addDays(today, -4);
    const products = [{ rank: 1, productId: product, productName: nameOf(product), salesCount: 9 }];
    await other.get(BackUpRankingJob).run();
    await own.database.change('DELETE FROM product_ranking_backups WHERE business_date = ?', [past]);
    await other.get(BackupService).write(backedUp, { asOf: new Date(), products });
    await expectTop(one, 'backup', 2);
    await sell(1, new Date(Date.now() - 3 * 24 * 3_600_000));

    const unlock = await lockTable('order_items');
    expect(await top(one, past)).toMatchObject({ source: 'none' });
    expect(await top(one)).toMatchObject({ source: 'backup', rankings: listed(2) });
    expect(await breakerOf(one, 'ranking_backup')).toBe(0);
    expect(await breakerOf(one, 'ranking_database')).toBe(0);

    await own.database.change('DELETE FROM product_ranking_backups WHERE business_date = ?', [today]);
    await eventually(async () => expect((await top(one)).source).toBe('memory'));
    expect(await breakerOf(one, 'ranking_backup')).toBe(0);
    expect(await breakerOf(one, 'ranking_database')).toBe(1);
    expect(await top(one, backedUp)).toMatchObject({ source: 'backup', rankings: listed(9) });
    await unlock();
    await eventually(async () => expect((await top(one)).source).not.toBe('memory'));
    expect(await top(one)).toMatchObject({ rankings: listed(2) });
  });
});

describe('a day that nobody has reconciled for three intervals', () => {
  it('is not read from a backup of a time at which Redis was good, since Redis has shown later sales', async () => {
    const products = [{ rank: 1, productId: product, productName: nameOf(product), salesCount: 1 }];
    await ageReconcile(own.redis, today, LEASE_MS + 60_000);
    // After that reconcile, and before it was three intervals old.
    await one.get(BackupService).write(today, { asOf: new Date(Date.now() - LEASE_MS), products });
    // What MySQL has added up is the day's backup from then on.
    for (const instance of [one, other]) await expectTop(instance, 'backup', 2);
    expect((await one.get(RankingService).product(product, {})).salesCount).toBe(2);
  });
});

describe('a past day that Redis cannot give', () => {
  it('does not keep today from being read there', async () => {
    const past = addDays(today, -3);
    await own.redis.set(rankingKeys.sales(past), 'no sorted set');
    await own.redis.sadd(rankingKeys.orders(past), 'T1');
    await own.redis.set(rankingKeys.reconciled(past), (await own.redis.get(rankingKeys.reconciled(today))) ?? '');
    expect((await top(one, past)).source).not.toBe('redis');
    expect((await one.get(RankingService).product(product, { date: past })).source).not.toBe('redis');
    expect(await top(one)).toMatchObject({ source: 'redis', rankings: listed(2) });
    expect(await breakerOf(one, 'ranking')).toBe(0);
  });
});
