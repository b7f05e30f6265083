import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { expectHealed } from '../support/after-a-fault.js';
import { ApiClient, tally } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { holdRowLock } from '../support/row-lock.js';
import { startPrivateMysql, startPrivateRedis, type PrivateServer } from '../support/servers.js';
import { SteadyLoad } from '../support/steady-load.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** More than any load takes during an outage. */
const TOTAL = 1_000_000;

let mysql: PrivateServer;
let proxy: TcpProxy;
let database: TestDatabase;
let api: ApiClient;

beforeAll(async () => {
  // A lock is waited for so shortly that a held one is met as error 1205 again and again.
  const options = { extraArgs: ['--innodb-lock-wait-timeout=1'] };
  const [ownMysql, redis] = await Promise.all([startPrivateMysql(options), startPrivateRedis()]);
  mysql = ownMysql;
  proxy = await TcpProxy.inFrontOf(mysql.url);
  database = openDatabase(mysql.url);
  const env = {
    DATABASE_URL: proxy.url,
    REDIS_URL: redis.url,
    DATABASE_POOL_SIZE: '6',
    COUPON_LOCK_MAX_CONCURRENT: '1',
    COUPON_ISSUE_TIMEOUT_MS: '2000',
  };
  api = new ApiClient((await startApp({ env, waitFor: '/health/ready' })).url);
});

async function waitingForRowLock(couponId: number): Promise<number> {
  return await database.running(`UPDATE coupons%WHERE id = ${couponId} AND %`);
}

describe('connections to MySQL that break', () => {
  it('again and again under load cost no one their coupon, and give no one two', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: TOTAL, codeFormat: 'alphanumeric' });
    const reserving = new SteadyLoad((userId) => api.reserve(couponId, userId), { atOnce: 4 });
    const issuing = new SteadyLoad((userId) => api.issue(couponId, userId), { atOnce: 4 });
    for (let cuts = 0; cuts < 40; cuts += 1) {
      await delay(Math.random() * 50);
      proxy.cut();
    }
    await reserving.sees('200', 50);
    await issuing.sees('200', 50);
    const answers = [...(await reserving.stop()), ...(await issuing.stop())];
    expect(Object.keys(tally(answers)).filter((outcome) => !['200', '202'].includes(outcome))).toEqual([]);
    await expectHealed({ api, database }, couponId, answers);
  });

  it('inside the transaction leave nothing behind, and the reservations are issued by another one', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: 50 });
    const giveBack = await holdRowLock(mysql.url, 'coupons', couponId);
    const answers = await inParallel(newUserIds(20), (userId) => api.reserve(couponId, userId));
    await eventually(async () => expect(await waitingForRowLock(couponId)).toBe(1), { intervalMs: 10 });
    proxy.cut();
    await giveBack();
    await expectHealed({ api, database }, couponId, answers);
  });

  it('are refused for a while, as in a fail-over, and come back', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: TOTAL });
    const load = new SteadyLoad((userId) => api.reserve(couponId, userId));
    await load.sees('200', 50);
    await proxy.refuse();
    await load.sees('200', 300);
    expect(await api.reservation(couponId, newUserId())).toMatchObject({ status: 503, error: 'DATABASE_UNAVAILABLE' });
    await proxy.accept();
    await load.sees('200', 50);
    await expectHealed({ api, database }, couponId, await load.stop());
  });

  it('carry nothing for a while, and what is under way then goes on', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: TOTAL });
    const load = new SteadyLoad((userId) => api.reserve(couponId, userId));
    await load.sees('200', 50);
    proxy.stall();
    await load.sees('200', 300);
    proxy.resume();
    await load.sees('200', 50);
    await expectHealed({ api, database }, couponId, await load.stop());
  });
});

describe("a foreign lock on a coupon's row", () => {
  it('holds up that coupon only: others are issued, changed and shown with a pool of six', async () => {
    const locked = await api.createCoupon({ totalQuantity: 200 });
    const other = await api.createCoupon({ totalQuantity: 200 });
    const giveBack = await holdRowLock(mysql.url, 'coupons', locked.couponId);
    try {
      // More batches than the pool has connections; and until 202 is answered, longer than MySQL waits for a lock.
      const reserved = await inParallel(newUserIds(100), (userId) => api.reserve(locked.couponId, userId), 5);
      const late = await inParallel(newUserIds(20), (userId) => api.issue(locked.couponId, userId));
      expect(tally(reserved)).toEqual({ 200: 100 });
      expect(tally(late)).toEqual({ 202: 20 });

      const issued = await inParallel(newUserIds(50), (userId) => api.issue(other.couponId, userId));
      expect(tally(issued)).toEqual({ 200: 50 });
      expect((await api.patchCoupon(other.couponId, { totalQuantity: 300 })).status).toBe(200);
      expect(await api.coupon(locked.couponId)).toMatchObject({
        status: 200,
        body: { issuedQuantity: 0, reservedQuantity: 120 },
      });
      const { userId } = late[0]?.body ?? { userId: 0 };
      expect((await api.reservation(locked.couponId, userId)).body).toMatchObject({ status: 'RESERVED' });
      expect(await database.userCoupons(locked.couponId)).toEqual([]);

      await giveBack();
      await expectHealed({ api, database }, locked.couponId, [...reserved, ...late]);
      await expectHealed({ api, database }, other.couponId, issued);
    } finally {
      await giveBack().catch(() => undefined);
    }
  });

  it('makes a change of that coupon answer 503 at last, with nothing changed and nothing lost', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: 100 });
    const giveBack = await holdRowLock(mysql.url, 'coupons', couponId);
    const answers = await inParallel(newUserIds(20), (userId) => api.reserve(couponId, userId));
    const refused = await api.patchCoupon(couponId, { totalQuantity: 50 });
    await giveBack();
    expect(refused).toMatchObject({ status: 503, error: 'DATABASE_UNAVAILABLE' });
    expect((await api.coupon(couponId)).body.totalQuantity).toBe(100);
    await expectHealed({ api, database }, couponId, answers);
  });
});
