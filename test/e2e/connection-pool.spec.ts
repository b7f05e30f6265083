import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, ApiClient, tally } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { poolOf } from '../support/pool-view.js';
import { eventually } from '../support/poll.js';
import { holdRowLock } from '../support/row-lock.js';
import { startPrivateMysql, startPrivateRedis, type PrivateServer } from '../support/servers.js';
import { Shop } from '../support/shop.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { expectUnavailable } from '../support/unavailable.js';
import { newUserIds } from '../support/unique-ids.js';
import { askAndVanish } from '../support/vanish.js';

const POOL_SIZE = 8;
/** Of these, how many charges, orders and payments may have: all that nobody else has reserved. */
const PURCHASES = 4;

let mysql: PrivateServer;
let database: TestDatabase;
let proxy: TcpProxy;
let serverEnv: Record<string, string>;

beforeAll(async () => {
  const [ownMysql, redis] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  mysql = ownMysql;
  database = openDatabase(mysql.url);
  proxy = await TcpProxy.inFrontOf(mysql.url);
  serverEnv = {
    DATABASE_URL: proxy.url,
    REDIS_URL: redis.url,
    DATABASE_POOL_SIZE: String(POOL_SIZE),
    COUPON_LOCK_MAX_CONCURRENT: '1',
    COUPON_ISSUANCE_RESERVED_CONNECTIONS: '1',
    USER_PURCHASES_MAX_CONNECTIONS: String(PURCHASES),
    USER_PURCHASES_WAIT_MS: '60000',
  };
});

const apps: AppProcess[] = [];

// They share the proxy, whose connections are counted.
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.kill('SIGTERM')));
});

async function startShop(env: Record<string, string>): Promise<{ app: AppProcess; shop: Shop }> {
  const app = await startApp({ env: { ...serverEnv, ...env }, waitFor: '/health/ready' });
  apps.push(app);
  return { app, shop: new Shop(new ApiClient(app.url), database) };
}

/** Every connection that is open is one of the pool's, and none is in use. */
async function expectAtRest(app: AppProcess): Promise<void> {
  await eventually(async () => {
    const pool = await poolOf(app);
    expect(pool).toMatchObject({ active: 0, waiting: 0, limit: POOL_SIZE });
    // One more is that of the health check, which has it beside the pool.
    expect(proxy.connections - 1).toBe(pool.idle);
    expect(pool.idle).toBeLessThanOrEqual(POOL_SIZE);
  });
}

/** All connections that charges may have can be in use at once, and others can be had besides. */
async function expectWhole(app: AppProcess, shop: Shop): Promise<void> {
  const userId = await shop.user();
  const giveBack = await holdRowLock(mysql.url, 'users', userId);
  let isHeld = true;
  // A busy machine may look only when the time of a statement is over: what was refused so is asked for again.
  const charge = async (): Promise<Answer<unknown>> => {
    for (;;) {
      const mayTakeTooLong = isHeld;
      const answer = await shop.charge(userId, { amount: 1 });
      if (answer.status !== 503 || !mayTakeTooLong) return answer;
    }
  };
  const charges = inParallel(Array.from({ length: PURCHASES + 2 }), charge);
  await eventually(async () => expect(await poolOf(app)).toMatchObject({ active: PURCHASES, waiting: 2 }));
  expect((await shop.api.call('/api/coupons')).status).toBe(200);
  await giveBack();
  isHeld = false;
  expect(tally(await charges)).toEqual({ 200: PURCHASES + 2 });
}

describe('when a foreign lock holds up every connection that charges may have', () => {
  it('answers 503 to a caller that waits in vain for one, goes on afterwards, and tells where they were taken', async () => {
    const { app, shop } = await startShop({
      USER_PURCHASES_WAIT_MS: '1500',
      DATABASE_STATEMENT_TIMEOUT_MS: '60000',
      DATABASE_LEAK_WARNING_MS: '200',
    });
    const [userId, other, productId] = [await shop.user(), await shop.user(5000), await shop.product()];
    const items = [{ productId, quantity: 1 }];
    const orderId = await shop.order(other, items);
    const giveBack = await holdRowLock(mysql.url, 'users', userId);
    const charges = inParallel(Array.from({ length: PURCHASES }), () => shop.charge(userId, { amount: 100 }));
    await eventually(async () => expect((await poolOf(app)).active).toBe(PURCHASES));

    const refused = await Promise.all([
      shop.charge(userId, { amount: 7 }),
      shop.charge(other, { amount: 7 }),
      shop.pay(orderId, other),
      shop.placeOrder({ userId: other, items }),
    ]);
    for (const answer of refused) expectUnavailable(answer);
    expect((await poolOf(app)).acquireTimeouts).toBe(refused.length);
    const shown = ['/api/coupons', '/api/products', `/api/users/${userId}`, `/api/orders?userId=${other}`];
    for (const path of shown) expect(await shop.api.call(path)).toMatchObject({ status: 200 });
    await eventually(() => expect(app.logs).toMatch(/has been held for more than 200 ms, taken .*balance\.service/));

    await giveBack();
    expect(tally(await charges)).toEqual({ 200: PURCHASES });
    expect(await shop.balanceOf(userId)).toBe(100 * PURCHASES);
    expect(await shop.pay(orderId, other)).toMatchObject({ status: 200 });
    await eventually(() => expect(app.logs).toMatch(/came back after \d+ ms, taken .*balance\.service/));
    await eventually(() => {
      expect(app.logs.match(/has been held/g)).toHaveLength(app.logs.match(/came back after/g)?.length ?? 0);
    });
    await expectAtRest(app);
    expect((await poolOf(app)).peakActive).toBeGreaterThan(PURCHASES);
  });

  it('answers 503 in the end to the caller that waits for the lock itself', async () => {
    const { app, shop } = await startShop({ DATABASE_STATEMENT_TIMEOUT_MS: '2000' });
    const userId = await shop.user();
    const giveBack = await holdRowLock(mysql.url, 'users', userId);
    expectUnavailable(await shop.charge(userId, { amount: 100 }));
    await giveBack();
    expect(await shop.charge(userId, { amount: 100 })).toMatchObject({ status: 200, body: { balance: 100 } });
    await expectAtRest(app);
  });
});

describe('while MySQL is frozen', () => {
  it('everything that needs it answers 503, and it all works again when it goes on', async () => {
    const { app, shop } = await startShop({
      DATABASE_ACQUIRE_TIMEOUT_MS: '3000',
      DATABASE_STATEMENT_TIMEOUT_MS: '3000',
    });
    const { api } = shop;
    const userId = await shop.user(10_000);
    const [productId, { couponId }] = [await shop.product({ price: 1000 }), await api.createCoupon()];
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }]);
    // Frozen with every connection open.
    await expectWhole(app, shop);

    await mysql.freeze();
    try {
      // A thread of the server may answer once more before it stands still.
      await eventually(async () => expectUnavailable(await api.call('/api/coupons')), { intervalMs: 0 });
      const asked = [
        ...Array.from({ length: 20 }, () => api.call('/api/coupons')),
        api.coupon(couponId),
        api.patchCoupon(couponId, { name: 'Changed' }),
        api.audit(couponId),
        shop.charge(userId, { amount: 500, idempotencyKey: 'once' }),
        shop.pay(orderId, userId, 'once'),
        shop.placeOrder({ userId, items: [{ productId, quantity: 1 }] }),
      ];
      for (const answer of await Promise.all(asked)) expectUnavailable(answer);
      // Now there is no connection left, and none can be opened.
      expectUnavailable(await api.call('/api/coupons'));
    } finally {
      await mysql.thaw();
    }

    await eventually(async () => expect((await api.call('/api/coupons')).status).toBe(200));
    expect((await api.patchCoupon(couponId, { name: 'Changed' })).body.name).toBe('Changed');
    expect(await shop.charge(userId, { amount: 500, idempotencyKey: 'once' })).toMatchObject({ status: 200 });
    expect(await shop.pay(orderId, userId, 'once')).toMatchObject({ status: 200, body: { remainingBalance: 9500 } });
    await expectWhole(app, shop);
    await expectAtRest(app);
  });
});

describe('when clients hang up before they are answered', () => {
  it('no connection is lost to 500 of them', async () => {
    const { app, shop } = await startShop({});
    const userId = await shop.user(1_000_000);
    const productId = await shop.product();
    const { couponId } = await shop.api.createCoupon({ strategy: 'lock', totalQuantity: 1000 });
    const orders = await inParallel(
      Array.from({ length: 100 }),
      () => shop.order(userId, [{ productId, quantity: 1 }]),
      8,
    );

    await inParallel(newUserIds(500), async (holder, index) => {
      const orderId = orders[Math.floor(index / 5)] ?? 0;
      await [
        () => askAndVanish(app.port, 'POST', `/api/coupons/${couponId}/issue`, { userId: holder }),
        () => askAndVanish(app.port, 'POST', `/api/orders/${orderId}/payment`, { userId }),
        () => askAndVanish(app.port, 'POST', `/api/users/${userId}/balance/charge`, { amount: 1 }),
        () => askAndVanish(app.port, 'GET', '/api/coupons'),
        () => askAndVanish(app.port, 'GET', `/api/users/${userId}/coupons`),
      ][index % 5]?.();
    });

    // They are served after their clients have gone; at first nothing may be in use yet.
    await eventually(async () => {
      expect((await database.userCoupons(couponId)).length).toBeGreaterThan(50);
      expect((await shop.orderCounts(userId))['PAID']).toBeGreaterThan(50);
    });
    await expectAtRest(app);
    // All but the one that is kept for the issuer and the one for changes of coupons.
    expect((await poolOf(app)).peakActive).toBe(POOL_SIZE - 2);
    await expectWhole(app, shop);
  });
});
