import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { rankingKeys } from '../../src/ranking/ranking-keys.js';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { awayFromMidnight } from '../support/business-midnight.js';
import { openDatabase } from '../support/database.js';
import { eventually } from '../support/poll.js';
import { openRedis } from '../support/redis.js';
import { nameOf, RankingClient, SalesBook } from '../support/sales.js';
import { type PrivateServer, startPrivateMysql, startPrivateRedis } from '../support/servers.js';

/** The scheduled jobs of the ranking in real processes, of which some die, over a MySQL that dies too. */

/** Longer than any test: a job that is not the one tested. */
const NEVER_MS = '3600000';

let mysql: PrivateServer;
let redis: Redis;
let salesBook: SalesBook;
let env: Record<string, string>;
let product: number;

beforeAll(awayFromMidnight);

beforeAll(async () => {
  const [ownMysql, { url }] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  mysql = ownMysql;
  redis = openRedis(url);
  salesBook = new SalesBook(openDatabase(mysql.url));
  env = {
    DATABASE_URL: mysql.url,
    REDIS_URL: url,
    RANKING_RECONCILE_INTERVAL_MS: NEVER_MS,
    RANKING_BACKUP_INTERVAL_MS: NEVER_MS,
  };
});

beforeEach(async () => {
  await redis.flushall();
  await salesBook.clear();
  [product = 0] = await salesBook.products(1);
});

const rankingOf = (app: AppProcess) => new RankingClient(new ApiClient(app.url));
const sell = (quantity: number) => salesBook.paidOrder([{ productId: product, quantity }]);

/** Polls until Redis serves exactly this sale; returns the day. */
async function expectLive(app: AppProcess, salesCount: number): Promise<string> {
  return await eventually(async () => {
    const { body } = await rankingOf(app).top();
    expect(body).toMatchObject({ source: 'redis', rankings: [{ rank: 1, productId: product, salesCount }] });
    return body.date;
  });
}

/** Polls until the day's backup is exactly this sale. */
async function expectBackup(day: string, salesCount: number): Promise<void> {
  await eventually(async () => {
    expect(await salesBook.backup(day)).toEqual([
      { rank: 1, productId: product, productName: nameOf(product), salesCount, backedUpAt: expect.any(Date) },
    ]);
  });
}

/** Starts an instance that is killed in its first turn, when it has done nothing yet; the turn is left behind. */
async function dieInTurn(job: 'backup' | 'reconcile', variable: string): Promise<void> {
  const holder = await startApp({ env: { ...env, [variable]: '2000', FAULT_POINT: `turn-${job}` } });
  expect(await holder.exited).toEqual({ code: null, signal: 'SIGKILL' });
  expect(await redis.pttl(rankingKeys.turn(job))).toBeGreaterThan(0);
}

describe('a backup while MySQL is dead', () => {
  it('is logged and counted and harms no reader, and the next one works', async () => {
    await sell(2);
    const app = await startApp({
      env: { ...env, RANKING_BACKUP_INTERVAL_MS: '300', RANKING_RECONCILE_INTERVAL_MS: '300' },
    });
    const day = await expectLive(app, 2);
    await expectBackup(day, 2);
    const before = await app.metric('firstcome_ranking_backup_failures_total');

    await mysql.kill();
    await eventually(async () =>
      expect(await app.metric('firstcome_ranking_backup_failures_total')).toBeGreaterThan(before),
    );
    await eventually(() => expect(app.logs).toContain('backup failed: '));
    await expectLive(app, 2);

    await mysql.restart();
    await eventually(() => sell(3));
    await expectLive(app, 5);
    await expectBackup(day, 5);
    await app.kill();
  });
});

describe('an instance that dies with the turn of a job', () => {
  it('leaves the backup to another one, when the turn is over', async () => {
    await sell(2);
    await dieInTurn('backup', 'RANKING_BACKUP_INTERVAL_MS');
    const other = await startApp({ env: { ...env, RANKING_BACKUP_INTERVAL_MS: '100' } });
    const day = await expectLive(other, 2);
    await expectBackup(day, 2);
    await other.kill();
  });

  it('leaves the reconcile to another one, when the turn is over', async () => {
    await sell(2);
    await dieInTurn('reconcile', 'RANKING_RECONCILE_INTERVAL_MS');
    const other = await startApp({ env: { ...env, RANKING_RECONCILE_INTERVAL_MS: '100' } });
    // What it counts at its start it counts without a turn.
    await expectLive(other, 2);
    await sell(3);
    await expectLive(other, 5);
    await other.kill();
  });
});
