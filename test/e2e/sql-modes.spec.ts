import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { expectConsistent } from '../support/drop.js';
import { type PrivateServer, startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { Shop } from '../support/shop.js';
import { newUserId } from '../support/unique-ids.js';

/** Names with everything that a driver has to escape. */
const NAME = String.raw`O'Reilly "& Sons" \'; \" %_`;

/** The keys of an attacker: each ends its own quotes where a backslash before a quote means nothing. */
const INJECTIONS = [
  "' OR 1=1 -- ",
  "' OR owner_id <> 0 OR '",
  String.raw`\' OR 1=1 -- `,
  "', 'hash', 'answer', NOW()), ('charge', 1, 'x",
];

let mysqlServer: PrivateServer;
let redisServer: PrivateServer;
let server: TestDatabase;
let isMariaDb: boolean;

beforeAll(async () => {
  [mysqlServer, redisServer] = await Promise.all([
    startPrivateMysql({ extraArgs: ['--sql-mode=NO_BACKSLASH_ESCAPES'] }),
    startPrivateRedis(),
  ]);
  server = openDatabase(mysqlServer.url);
  const { version } = await server.row<{ version: string }>('SELECT VERSION() AS version');
  isMariaDb = version.includes('MariaDB');
});

let schemas = 0;

/** An application over a schema that it has migrated itself, with the mode that the server gives to new connections. */
async function startOnEmptySchema(): Promise<{ app: AppProcess; api: ApiClient; shop: Shop }> {
  schemas += 1;
  const url = new URL(mysqlServer.url);
  url.pathname = `sql_modes_test_${schemas}`;
  await server.change(`CREATE DATABASE ${url.pathname.slice(1)} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  const env = { DATABASE_URL: url.href, REDIS_URL: `${redisServer.url}/${schemas}` };
  const app = await startApp({ env, waitFor: '/health/ready' });
  const api = new ApiClient(app.url);
  return { app, api, shop: new Shop(api, openDatabase(url.href)) };
}

/** Text as a literal that no mode reads otherwise: this test's own connections have the mode of the server. */
function literal(text: string): string {
  return `CONVERT(0x${Buffer.from(text).toString('hex')} USING utf8mb4)`;
}

describe('under NO_BACKSLASH_ESCAPES', () => {
  let api: ApiClient;
  let shop: Shop;

  beforeAll(async () => {
    ({ api, shop } = await startOnEmptySchema());
  });

  it.each(INJECTIONS)('the idempotency key %j is text, and of one user only', async (idempotencyKey) => {
    // Others have charged before, so that there are answers to be read and keys to be held.
    const [victim, attacker] = [await shop.user(), await shop.user()];
    await shop.charge(victim, { amount: 5_000, idempotencyKey: 'an honest key' });

    const first = await shop.charge(attacker, { amount: 1_000, idempotencyKey });
    expect(first).toMatchObject({ status: 200, body: { userId: attacker, balance: 1_000, chargedAmount: 1_000 } });
    const again = await shop.charge(attacker, { amount: 1_000 }, { 'Idempotency-Key': idempotencyKey.trim() });
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(await shop.balanceOf(attacker)).toBe(1_000);
    const stored = await shop.database.rows('SELECT idempotency_key AS k FROM idempotency_keys WHERE owner_id = ?', [
      attacker,
    ]);
    expect(stored).toEqual([{ k: idempotencyKey.trim() }]);
  });

  it('the name of a coupon comes back as it was sent', async () => {
    const { couponId, name } = await api.createCoupon({ name: NAME });
    expect(name).toBe(NAME);
    expect((await api.coupon(couponId)).body.name).toBe(NAME);
    expect((await api.patchCoupon(couponId, { name: `${NAME}!` })).body.name).toBe(`${NAME}!`);
    const issued = await api.issue(couponId, newUserId());
    expect(issued).toMatchObject({ status: 200, body: { couponName: `${NAME}!` } });
  });

  it('the name of a product is written into the order as it is', async () => {
    const [userId, productId] = [await shop.user(), await shop.product()];
    await shop.database.change(`UPDATE products SET name = ${literal(NAME)} WHERE id = ?`, [productId]);
    const { status, body } = await shop.placeOrder({ userId, items: [{ productId, quantity: 1 }] });
    expect(status).toBe(201);
    expect((await shop.showOrder(body.orderId)).body.items).toMatchObject([{ productName: NAME }]);
  });
});

describe('the application migrates and serves', () => {
  it.each([
    ['without any mode', ''],
    ['under ANSI_QUOTES', 'ANSI_QUOTES'],
    ['under TRADITIONAL', 'TRADITIONAL'],
    [
      'under all that make SQL another language',
      'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,HIGH_NOT_PRECEDENCE',
    ],
  ])('%s', async (_name, mode) => {
    await server.change(`SET GLOBAL sql_mode = '${mode}'`);
    await expectToServe();
  });

  it.each(['ORACLE', 'MSSQL', 'EMPTY_STRING_IS_NULL'])('under %s, which MariaDB alone has', async (mode) => {
    const set = server.change(`SET GLOBAL sql_mode = '${mode}'`);
    if (isMariaDb) {
      await set;
      await expectToServe();
    } else {
      await expect(set).rejects.toMatchObject({ errno: 1231 });
    }
  });
});

/** A coupon is issued, used in an order, and paid for, with an answer kept for its idempotency key. */
async function expectToServe(): Promise<void> {
  const { app, api, shop } = await startOnEmptySchema();
  const userId = await shop.user(10_000);
  const { couponId } = await api.createCoupon({ name: NAME, codeFormat: 'alphanumeric' });
  expect(await api.reserve(couponId, userId)).toMatchObject({ status: 200, body: { status: 'RESERVED' } });
  expect(await api.issue(couponId, newUserId())).toMatchObject({ status: 200, body: { status: 'ISSUED' } });
  await expectConsistent(api, couponId);
  const orderId = await shop.order(userId, [{ productId: await shop.product(), quantity: 2 }], couponId);
  const paid = await shop.pay(orderId, userId, NAME);
  expect(paid).toMatchObject({ status: 200, body: { orderId, paidAmount: 1_000, status: 'PAID' } });
  expect((await shop.pay(orderId, userId, NAME)).body).toEqual(paid.body);
  await app.kill();
}
