import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { awayFromMidnight } from '../support/business-midnight.js';
import { openDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { openRedis } from '../support/redis.js';
import { nameOf, RankingClient, type TopBody } from '../support/sales.js';
import { type PrivateServer, startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { Shop } from '../support/shop.js';

/**
 * Two instances, each with a Redis user of its own that may lose the right to write, and go on reading: what it is paid is
 * not counted, and the other one cannot know.
 */

const INTERVAL_MS = 400;

let mysql: PrivateServer;
let redis: Redis;
let apps: AppProcess[];
let shops: Shop[];
let product: number;
let buyer: number;
let sold = 0;

beforeAll(awayFromMidnight);

beforeAll(async () => {
  const [ownMysql, { url }] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  mysql = ownMysql;
  redis = openRedis(url);
  const database = openDatabase(mysql.url);
  apps = await inParallel(['one', 'other'], async (user) => {
    await redis.acl('SETUSER', user, 'reset', 'on', '>password', '~*', '&*', '+@all');
    const own = new URL(url);
    Object.assign(own, { username: user, password: 'password' });
    const env = {
      DATABASE_URL: mysql.url,
      REDIS_URL: own.href,
      RANKING_RECONCILE_INTERVAL_MS: String(INTERVAL_MS),
      RANKING_BACKUP_INTERVAL_MS: '3600000',
    };
    return await startApp({ env, waitFor: '/health/ready' });
  });
  shops = apps.map((app) => new Shop(new ApiClient(app.url), database));
  [product, buyer] = [await shop('one').product({ price: 1 }), await shop('one').user(1_000_000)];
});

const shop = (user: 'one' | 'other'): Shop => shops[user === 'one' ? 0 : 1] as Shop;
const rankingAt = (user: 'one' | 'other') => new RankingClient(shop(user).api);
const mayWrite = (user: 'one' | 'other', may: boolean) => redis.acl('SETUSER', user, may ? '+@all' : '-@write');

/** Sells so many at this instance; returns when they were paid. */
async function sell(user: 'one' | 'other', quantity: number): Promise<number> {
  const orderId = await shop(user).order(buyer, [{ productId: product, quantity }]);
  const { status, body } = await shop(user).pay(orderId, buyer);
  expect(status).toBe(200);
  sold += quantity;
  return Date.parse(body.paidAt);
}

async function expectTop(user: 'one' | 'other', sources: ReadonlyArray<TopBody['source']>, salesCount = sold) {
  return await eventually(async () => {
    const { body } = await rankingAt(user).top();
    expect(body.rankings).toEqual([{ rank: 1, productId: product, productName: nameOf(product), salesCount }]);
    expect(sources).toContain(body.source);
    return body;
  });
}

describe('an instance whose writes Redis refuses', () => {
  it('leaves the reconciles to the one that may, which counts its sales too', async () => {
    await sell('one', 2);
    for (const user of ['one', 'other'] as const) await expectTop(user, ['redis']);
    await mayWrite('other', false);
    await sell('other', 3);
    await expectTop('one', ['redis']);
    await sell('one', 1);
    await sell('other', 1);
    await expectTop('one', ['redis']);
    await mayWrite('other', true);
    for (const user of ['one', 'other'] as const) await expectTop(user, ['redis']);
  });

  it('when nobody can reconcile: the other one asks MySQL, and without it says of when its numbers are', async () => {
    await sell('one', 1);
    for (const user of ['one', 'other'] as const) await expectTop(user, ['redis']);
    const before = sold;
    for (const user of ['one', 'other'] as const) await mayWrite(user, false);
    const missedAt = await sell('other', 4);
    // It reads in Redis as ever, and has missed no sale of its own.
    const fromMysql = await expectTop('one', ['database', 'backup']);
    expect(Date.parse(fromMysql.asOf ?? '')).toBeGreaterThanOrEqual(missedAt);
    expect((await rankingAt('one').product(product)).body).toMatchObject({ rank: 1, salesCount: sold });
    expect((await rankingAt('one').product(product)).body.source).not.toBe('redis');

    await mysql.kill();
    const { asOf } = await expectTop('one', ['redis'], before);
    expect(Date.parse(asOf ?? '')).toBeLessThan(missedAt);
    const standing = (await rankingAt('one').product(product)).body;
    expect(standing).toMatchObject({ source: 'redis', rank: 1, salesCount: before });
    expect(Date.parse(standing.asOf ?? '')).toBeLessThan(missedAt);

    await mysql.restart();
    for (const user of ['one', 'other'] as const) await mayWrite(user, true);
    for (const user of ['one', 'other'] as const) {
      await eventually(async () => {
        const { asOf: now } = await expectTop(user, ['redis']);
        expect(Date.parse(now ?? '')).toBeGreaterThan(missedAt);
      });
    }
  });
});
