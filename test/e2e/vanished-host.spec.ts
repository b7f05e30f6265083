import { beforeAll, describe, expect, it } from '@jest/globals';
import mysql from 'mysql2/promise';
import { setTimeout as delay } from 'node:timers/promises';
import { expectHealed } from '../support/after-a-fault.js';
import { ApiClient, tally } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { atEndOfFile } from '../support/cleanup.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { type PrivateServer, startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** Short, since the tests wait for it to pass. */
const LIMIT_MS = 2_000;

let mysqlServer: PrivateServer;
let redisServer: PrivateServer;
let database: TestDatabase;
/** Between the instance that vanishes and MySQL. */
let proxy: TcpProxy;
let vanishing: AppProcess;
let other: ApiClient;

beforeAll(async () => {
  [mysqlServer, redisServer] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  database = openDatabase(mysqlServer.url);
  proxy = await TcpProxy.inFrontOf(mysqlServer.url);
  const env = { REDIS_URL: redisServer.url, DATABASE_IDLE_TRANSACTION_TIMEOUT_MS: String(LIMIT_MS) };
  // The one that vanishes waits patiently, so that it is in the middle of its transaction when it does.
  const patient = { DATABASE_URL: proxy.url, DATABASE_STATEMENT_TIMEOUT_MS: '120000' };
  vanishing = await startApp({ env: { ...env, ...patient }, waitFor: '/health/ready' });
  const app = await startApp({ env: { ...env, DATABASE_URL: mysqlServer.url }, waitFor: '/health/ready' });
  other = new ApiClient(app.url);
});

/**
 * Inserts the user's row and does not commit: whoever issues the coupon to this user locks the coupon's row, and then
 * waits. Call the result to roll back.
 */
async function holdUserCoupon(couponId: number, userId: number): Promise<() => Promise<void>> {
  const holder = await mysql.createConnection({ uri: mysqlServer.url });
  atEndOfFile(async () => holder.destroy());
  await holder.beginTransaction();
  await holder.query(
    'INSERT INTO user_coupons (coupon_id, user_id, sequence_number, issued_at) VALUES (?, ?, 1000000, NOW(3))',
    [couponId, userId],
  );
  return () => holder.rollback();
}

describe.each([
  ['whose process stands still', () => vanishing.freeze(), () => vanishing.thaw()],
  ['whose network swallows everything', () => proxy.stall(), () => proxy.resume()],
])('an instance %s inside a transaction', (_how, vanish, comeBack) => {
  it('holds the coupon up until the server ends its session; then another one issues', async () => {
    const { couponId } = await other.createCoupon({ totalQuantity: 1_000 });
    const userId = newUserId();
    const letGo = await holdUserCoupon(couponId, userId);
    const first = await new ApiClient(vanishing.url).reserve(couponId, userId);
    const isIssuing = "SELECT id FROM information_schema.processlist WHERE info LIKE 'INSERT INTO user_coupons%'";
    const session = await eventually(() => database.row<{ id: number }>(isIssuing), { intervalMs: 10 });

    vanish();
    try {
      await letGo();
      const later = await inParallel(newUserIds(20), (id) => other.reserve(couponId, id));
      expect(tally([first, ...later])).toEqual({ 200: 21 });
      await eventually(async () => {
        const isOpen = 'SELECT id FROM information_schema.processlist WHERE id = ?';
        expect(await database.rows(isOpen, [session.id])).toEqual([]);
      });
      await expectHealed({ api: other, database }, couponId, [first, ...later]);
    } finally {
      comeBack();
    }
    await vanishing.isUp('/health/ready');
    const { couponId: next } = await other.createCoupon();
    expect(tally([await new ApiClient(vanishing.url).issue(next, userId)])).toEqual({ 200: 1 });
  });
});

it('a migration that takes longer keeps its lock, so that no other process migrates beside it', async () => {
  const url = new URL(mysqlServer.url);
  url.pathname = 'long_migration_test';
  await database.change('CREATE DATABASE long_migration_test CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci');
  const foreign = await mysql.createConnection({ uri: url.href });
  atEndOfFile(async () => foreign.destroy());
  await foreign.query(
    'CREATE TABLE schema_migrations (id INT AUTO_INCREMENT PRIMARY KEY, timestamp BIGINT NOT NULL, name VARCHAR(255) NOT NULL)',
  );
  await foreign.query('LOCK TABLES schema_migrations WRITE');
  const app = startApp({
    env: { DATABASE_URL: url.href, REDIS_URL: redisServer.url, DATABASE_IDLE_TRANSACTION_TIMEOUT_MS: '1000' },
  });
  await eventually(async () => expect(await database.running('SELECT _ FROM %schema_migrations%')).toBe(1));
  const lock = "SELECT IS_USED_LOCK('firstcome_migrations') AS holder";
  const before = await database.row<{ holder: number }>(lock);
  await delay(3_000);
  expect(before.holder).toBeGreaterThan(0);
  expect(await database.row(lock)).toEqual(before);
  await foreign.query('UNLOCK TABLES');
  await (await app).isUp('/health/ready');
});
