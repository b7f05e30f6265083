import { beforeAll, describe, expect, it } from '@jest/globals';
import { AppModule } from '../../src/app.module.js';
import { type AppConfig, loadConfig } from '../../src/config.js';
import { Seeder } from '../../src/load-test/index.js';
import { ConfigError } from '../../src/platform/config/read-config.js';
import { createApp } from '../../src/platform/http/create-app.js';
import { startApp } from '../support/app-process.js';
import { atEndOfFile } from '../support/cleanup.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { numbersTo } from '../support/numbers-to.js';
import { type PrivateServer, startPrivateMysql, startPrivateRedis } from '../support/servers.js';

/** The tests build on each other: an empty database, then production, then three processes that seed it at once. */

/** The processes of the tests before still look into the same server now and then. */
const MAX_STATEMENTS = 500;
const YEAR_MS = 365 * 24 * 3_600_000;

interface UserRow {
  id: number;
  name: string;
  email: string;
  balance: number;
}

let mysql: PrivateServer;
let redis: PrivateServer;
let database: TestDatabase;

beforeAll(async () => {
  [mysql, redis] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  database = openDatabase(mysql.url);
});

const servers = () => ({ DATABASE_URL: mysql.url, REDIS_URL: redis.url });
const production = () => ({
  ...servers(),
  NODE_ENV: 'production',
  IDENTITY_MODE: 'trusted-callers',
  ADMIN_TOKEN: 'token-of-administrators-0123456789',
  DATABASE_MIGRATE_AT_START: 'true',
});

async function rowCounts(): Promise<object> {
  return await database.row(
    `SELECT (SELECT COUNT(*) FROM users) AS users, (SELECT COUNT(*) FROM products) AS products,
            (SELECT COUNT(*) FROM coupons) AS coupons`,
  );
}

async function users(): Promise<UserRow[]> {
  return await database.rows<UserRow>('SELECT id, name, email, balance FROM users ORDER BY id');
}

async function entries(): Promise<object[]> {
  return await database.rows(
    'SELECT kind, COUNT(*) AS size, COUNT(DISTINCT user_id) AS users FROM balance_entries GROUP BY kind',
  );
}

async function everything(): Promise<unknown> {
  const tables = ['users', 'products', 'coupons', 'balance_entries'];
  return await Promise.all(tables.map((table) => database.rows(`SELECT * FROM ${table} ORDER BY id`)));
}

function expectedUsers(first: number, count: number, name: string, balance = 10_000): UserRow[] {
  return Array.from({ length: count }, (_, index) => {
    const id = first + index;
    return { id, name: name + id, email: `k6test${id}@loadtest.com`, balance };
  });
}

async function echo(url: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return await fetch(`${url}/load-test/echo/7`, { method: 'POST', headers, body: JSON.stringify({ userId: 8 }) });
}

/** The seeder of an application in this process, for calling it again. */
async function seederUnder(config: AppConfig): Promise<Seeder> {
  const app = await createApp(AppModule, config);
  atEndOfFile(() => app.close());
  await app.init();
  return app.get(Seeder, { strict: false });
}

describe('in production', () => {
  it.each(['true', '1', 'yes', 'on'])('a start with the flag set to %s is refused', (flag) => {
    expect(() => loadConfig({ ...production(), LOAD_TEST_SEED_AT_START: flag })).toThrow(ConfigError);
  });

  it('such a process ends at once and names the setting', async () => {
    const start = startApp({ env: { ...production(), LOAD_TEST_SEED_AT_START: 'true' } });
    await expect(start).rejects.toThrow(/ended at once[^]*loadTest\.seedAtStart/);
    expect(await rowCounts()).toEqual({ users: 0, products: 0, coupons: 0 });
  });

  it.each(['production', ''])(
    'with NODE_ENV=%j there is no seeder, even past the check of the settings',
    async (profile) => {
      const config = loadConfig({ ...production(), NODE_ENV: profile, LOG_LEVEL: 'fatal' });
      expect(config.profile).toBe('production');
      await expect(seederUnder({ ...config, loadTest: { seedAtStart: true } })).rejects.toThrow(/Seeder/);
      expect(await rowCounts()).toEqual({ users: 0, products: 0, coupons: 0 });
    },
  );

  it('whatever other flags there are, no row appears and no route of the load tests', async () => {
    const flags = {
      SEED: 'true',
      SEED_AT_START: 'true',
      LOAD_TEST: 'true',
      LOADTEST_SEEDATSTART: 'true',
      PROFILE: 'test',
    };
    const app = await startApp({ env: { ...production(), ...flags } });
    expect(app.logs).not.toMatch(/seeder/i);
    expect(await rowCounts()).toEqual({ users: 0, products: 0, coupons: 0 });
    expect((await echo(app.url)).status).toBe(404);
    await app.kill();
  });
});

describe('under the profile test', () => {
  it('three processes that start at once leave exactly what the load tests need', async () => {
    const env = { ...servers(), LOAD_TEST_SEED_AT_START: 'true', LOG_LEVEL: 'info' };
    const apps = await Promise.all([startApp({ env }), startApp({ env }), startApp({ env })]);

    expect(await users()).toEqual([
      { id: 1, name: 'K6Test-Default', email: 'k6test1@loadtest.com', balance: 20_000_000_000 },
      ...expectedUsers(1_000, 10_000, 'K6Test-Extreme-'),
      ...expectedUsers(200_000, 100, 'K6Test-Seq-'),
      ...expectedUsers(300_000, 10_000, 'K6Test-Ramp-'),
    ]);
    expect(await rowCounts()).toEqual({ users: 20_101, products: 100, coupons: 1 });
    expect(await entries()).toEqual([{ kind: 'OPENING', size: 20_101, users: 20_101 }]);
    for (const app of apps) {
      expect(app.logs).toMatch(/profile test/);
      const answer = { couponId: 7, userId: 8, sequenceNumber: 1, status: 'RESERVED' };
      expect(await (await echo(app.url)).json()).toMatchObject(answer);
      await app.kill();
    }
  });

  it('the products have names, prices and stock', async () => {
    const products = await database.rows<{ id: number; name: string; price: number; stock: number }>(
      'SELECT id, name, price, stock FROM products ORDER BY id',
    );
    expect(products.map(({ id }) => id)).toEqual(numbersTo(100));
    expect(new Set(products.map(({ name }) => name)).size).toBe(100);
    for (const { name, price, stock } of products) {
      expect(name).toMatch(/[가-힣].*[a-z]/i);
      expect(price).toBeGreaterThan(0);
      expect(stock).toBeGreaterThanOrEqual(1_000_000);
    }
  });

  it('coupon 1 is WELCOME10, open for a year from now', async () => {
    const coupon = await database.row<{ startsAt: Date; expiresAt: Date }>(
      `SELECT id, name, total_quantity AS totalQuantity, discount_rate AS discountRate, discount_amount AS discountAmount,
              audience, strategy, is_active AS isActive, starts_at AS startsAt, expires_at AS expiresAt FROM coupons`,
    );
    expect(coupon).toMatchObject({
      id: 1,
      name: 'WELCOME10',
      totalQuantity: 1000,
      discountRate: 10,
      discountAmount: null,
      audience: 'registered',
      strategy: 'reservation',
      isActive: 1,
    });
    expect(coupon.startsAt.getTime()).toBeLessThanOrEqual(Date.now());
    expect(coupon.expiresAt.getTime() - coupon.startsAt.getTime()).toBe(YEAR_MS);
  });
});

describe('a seeder that is called again', () => {
  let seeder: Seeder;

  beforeAll(async () => {
    seeder = await seederUnder(loadConfig({ ...servers(), NODE_ENV: 'test', LOG_LEVEL: 'fatal' }));
  });

  it('another run changes nothing, and brings back only what is missing', async () => {
    const before = await everything();
    expect(await seeder.seed()).toEqual({ users: 0, products: 0, coupons: 0 });
    expect(await everything()).toEqual(before);

    await database.change('UPDATE users SET balance = 5 WHERE id = 1000');
    await database.change('UPDATE products SET stock = 5 WHERE id = 7');
    await database.change('UPDATE coupons SET total_quantity = 5 WHERE id = 1');
    await database.change('DELETE FROM users WHERE id = 305000');
    await database.change('DELETE FROM products WHERE id = 100');
    expect(await seeder.seed()).toEqual({ users: 1, products: 1, coupons: 0 });
    expect(await rowCounts()).toEqual({ users: 20_101, products: 100, coupons: 1 });
    expect(await database.row('SELECT balance FROM users WHERE id = 1000')).toEqual({ balance: 5 });
    expect(await database.row('SELECT stock FROM products WHERE id = 7')).toEqual({ stock: 5 });
    expect(await database.row('SELECT total_quantity AS total FROM coupons')).toEqual({ total: 5 });
  });

  it('takes few statements from nothing: 20,000 rows one by one would take many times the two seconds it may', async () => {
    await Promise.all(['users', 'products', 'coupons'].map((table) => database.change(`DELETE FROM ${table}`)));
    const before = await database.statements();
    expect(await seeder.seed()).toEqual({ users: 20_101, products: 100, coupons: 1 });
    expect((await database.statements()) - before).toBeLessThan(MAX_STATEMENTS);
  });
});
