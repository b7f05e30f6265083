import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { DependencyHealth } from '../support/dependency-health.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { poolOf } from '../support/pool-view.js';
import { holdRowLock } from '../support/row-lock.js';
import { type PrivateServer, startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { Shop } from '../support/shop.js';
import { expectUnavailable } from '../support/unavailable.js';
import { newUserId } from '../support/unique-ids.js';

/**
 * A MySQL that does not do what we need of it. One application comes through all of it, as a user with ordinary rights:
 * an administrator may write to a server that is read-only.
 */

const USER = "'ordinary'@'127.0.0.1'";

let mysql: PrivateServer;
let database: TestDatabase;
let app: AppProcess;
let api: ApiClient;
let health: DependencyHealth;
let tables: string[];

beforeAll(async () => {
  const [ownMysql, redis] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  mysql = ownMysql;
  database = openDatabase(mysql.url);
  const url = new URL(mysql.url);
  const schema = url.pathname.slice(1);
  const rows = await database.rows<{ name: string }>(
    'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ?',
    [schema],
  );
  tables = rows.map(({ name }) => name);
  await database.change(`CREATE USER ${USER} IDENTIFIED BY 'ordinary'`);
  await database.change(`GRANT SELECT, UPDATE, DELETE ON ${schema}.* TO ${USER}`);
  await grantInserts();

  url.username = 'ordinary';
  url.password = 'ordinary';
  const env = { DATABASE_MIGRATE_AT_START: 'false', LOG_LEVEL: 'info' };
  app = await startApp({
    env: { ...env, DATABASE_URL: url.href, REDIS_URL: redis.url },
    waitFor: '/health/ready',
  });
  api = new ApiClient(app.url);
  health = new DependencyHealth(app, 'database');
});

/** For each table, since a change of the rights on a table is felt by connections that are open. */
async function grantInserts(): Promise<void> {
  for (const table of tables) await database.change(`GRANT INSERT ON ${table} TO ${USER}`);
}

async function revokeInserts(): Promise<void> {
  for (const table of tables) await database.change(`REVOKE INSERT ON ${table} FROM ${USER}`);
}

/** MySQL 8 may refuse administrators, too. */
async function setReadOnly(on: 0 | 1): Promise<void> {
  const known = await database.rows<{ Variable_name: string }>("SHOW GLOBAL VARIABLES LIKE '%read_only'");
  for (const name of ['read_only', 'super_read_only']) {
    if (known.some(({ Variable_name }) => Variable_name === name)) await database.change(`SET GLOBAL ${name} = ${on}`);
  }
}

describe('without a restart the application comes through a MySQL', () => {
  it.each<[string, string, RegExp, () => Promise<unknown>, () => Promise<unknown>]>([
    ['that is read-only', 'READ_ONLY', /read[-_]only/, () => setReadOnly(1), () => setReadOnly(0)],
    ['that no longer lets us insert', 'NO_PERMISSION', /denied/, revokeInserts, grantInserts],
    [
      'whose schema was not migrated',
      'NOT_SYNCED',
      /database_probes/,
      () => database.change('RENAME TABLE database_probes TO hidden_probes'),
      () => database.change('RENAME TABLE hidden_probes TO database_probes'),
    ],
    ['that stands still', 'TIMEOUT', /1000 ms/, () => mysql.freeze(), () => mysql.thaw()],
    ['that is dead', 'UNREACHABLE', /./, () => mysql.kill(), () => mysql.restart()],
  ])('%s', async (_name, reason, words, breakIt, mend) => {
    const { couponId } = await eventually(() => api.createCoupon());
    await health.isWell();
    health.forgetLines();

    await breakIt();
    try {
      await health.isDown(reason);
      // Redis admits, whatever MySQL does.
      expect(await api.reserve(couponId, newUserId())).toMatchObject({ status: 200 });
    } finally {
      await mend();
    }

    await health.isWell();
    await health.expectTold(reason, words);
  });
});

describe('a call that needs what MySQL refuses', () => {
  it.each<[string, string, () => Promise<unknown>, () => Promise<unknown>]>([
    ['since it is read-only', 'READ_ONLY', () => setReadOnly(1), () => setReadOnly(0)],
    ['since we may not', 'NO_PERMISSION', revokeInserts, grantInserts],
  ])('%s is answered 503', async (_name, reason, breakIt, mend) => {
    const shop = new Shop(api, database);
    const [userId, productId] = [await shop.user(), await shop.product()];
    await breakIt();
    try {
      await health.isDown(reason);
      expectUnavailable(await shop.placeOrder({ userId, items: [{ productId, quantity: 1 }] }));
    } finally {
      await mend();
    }
    await health.isWell();
  });
});

describe('MySQL', () => {
  it('is well while calls wait for a connection of the pool', async () => {
    const shop = new Shop(api, database);
    const userId = await shop.user();
    const release = await holdRowLock(mysql.url, 'users', userId);
    const charges = inParallel(Array.from({ length: 40 }), () => shop.charge(userId, { amount: 1000 }));
    try {
      await eventually(async () => expect((await poolOf(app)).waiting).toBeGreaterThan(0));
      const { body } = await api.call<object>('/health/ready');
      expect(body).toMatchObject({ status: 'ok', details: { database: { status: 'up' } } });
      expect((await poolOf(app)).waiting).toBeGreaterThan(0);
    } finally {
      await release();
      await charges;
    }
  });
});
