import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, ApiClient, type CouponBody, tally } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { openDatabase, testDatabaseUrl, type TestDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { classOf, poolOf } from '../support/pool-view.js';
import { eventually } from '../support/poll.js';
import { holdRowLock } from '../support/row-lock.js';
import { Shop } from '../support/shop.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/**
 * Rows that a foreign program keeps locked, with the pool of 14 that an instance has: whoever wants such a row waits,
 * and nobody else does.
 */

/** More than the pool has connections. */
const CALLERS = 40;
/** What the configuration gives charges, orders and payments. */
const PURCHASES = 5;

/** Whoever has a connection and waits for a row does so for longer than a test takes; as does the line, but theirs. */
const ENV = {
  DATABASE_STATEMENT_TIMEOUT_MS: '120000',
  DATABASE_ACQUIRE_TIMEOUT_MS: '120000',
  COUPON_LOCK_WAIT_MS: '60000',
};

let app: AppProcess;
let api: ApiClient;
let database: TestDatabase;
let shop: Shop;

beforeAll(async () => {
  app = await startApp({ env: ENV, waitFor: '/health/ready' });
  api = new ApiClient(app.url);
  database = openDatabase();
  shop = new Shop(api, database);
});

async function hold(table: 'coupons' | 'users' | 'products', id: number): Promise<() => Promise<void>> {
  return await holdRowLock(testDatabaseUrl(), table, id);
}

/** Calls under way. */
class Calls {
  ended = 0;
  private readonly answers: Promise<Array<Answer<unknown>>>;

  constructor(calls: ReadonlyArray<Promise<Answer<unknown>>>) {
    const counted = calls.map(async (call) => {
      const answer = await call;
      this.ended += 1;
      return answer;
    });
    this.answers = Promise.all(counted);
  }

  async tally(): Promise<Record<string, number>> {
    return tally(await this.answers);
  }
}

/** Reservations of a coupon, a new one unless it is given, are issued; lists are shown, and the instance is ready. */
async function expectOthersServed(coupon?: CouponBody): Promise<void> {
  const { couponId } = coupon ?? (await api.createCoupon());
  const holders = newUserIds(30);
  expect(tally(await inParallel(holders, (userId) => api.reserve(couponId, userId)))).toEqual({ 200: 30 });
  await eventually(async () => expect(await database.userCoupons(couponId)).toHaveLength(30));
  const lists = ['/api/coupons', '/api/products', `/api/users/${holders[0]}/coupons`, '/api/orders?userId=1'];
  const shown = await inParallel([...lists, ...lists, ...lists], (path) => api.call(path));
  expect(tally(shown)).toEqual({ 200: shown.length });
  expect(await api.call('/health/ready')).toMatchObject({ status: 200, body: { status: 'ok' } });
}

/** Runs purchases that have to wait for a locked row, until only those who have a connection still wait. */
async function untilLineHasGivenUp(purchase: (index: number) => Promise<Answer<unknown>>): Promise<Calls> {
  const { acquireTimeouts = 0 } = await poolOf(app);
  const calls = new Calls(Array.from({ length: CALLERS }, (_, index) => purchase(index)));
  await eventually(async () => expect(await classOf(app, 'purchases')).toMatchObject({ active: PURCHASES }));
  await expectOthersServed();
  await eventually(async () => {
    expect((await poolOf(app)).acquireTimeouts).toBe(acquireTimeouts + CALLERS - PURCHASES);
  });
  expect(await classOf(app, 'purchases')).toEqual({ active: PURCHASES, waiting: 0 });
  return calls;
}

const FEW_SERVED = { 200: PURCHASES, '503 DATABASE_UNAVAILABLE': CALLERS - PURCHASES };

async function payers(productId: number): Promise<Array<{ userId: number; orderId: number }>> {
  return await inParallel(
    Array.from({ length: CALLERS }),
    async () => {
      const userId = await shop.user(1000);
      return { userId, orderId: await shop.order(userId, [{ productId, quantity: 1 }]) };
    },
    4,
  );
}

describe('while the row of a product is locked', () => {
  it('40 payments wait with their own connections only; the line hears 503, and money and stock add up', async () => {
    const productId = await shop.product({ price: 1000, stock: 100 });
    const orders = await payers(productId);
    const pay = (index: number) => shop.pay(orders[index]?.orderId ?? 0, orders[index]?.userId ?? 0);
    const giveBack = await hold('products', productId);
    const payments = await untilLineHasGivenUp(pay);
    await giveBack();

    expect(await payments.tally()).toEqual(FEW_SERVED);
    expect(await shop.stockOf(productId)).toBe(100 - PURCHASES);
    const balances = await inParallel(orders, ({ userId }) => shop.balanceOf(userId), 4);
    expect(balances.filter((balance) => balance === 0)).toHaveLength(PURCHASES);
    expect(balances.filter((balance) => balance === 1000)).toHaveLength(CALLERS - PURCHASES);

    const again = await inParallel([...orders.keys()], pay, PURCHASES);
    expect(tally(again)).toEqual({ 200: CALLERS - PURCHASES, '409 ORDER_ALREADY_PAID': PURCHASES });
    expect(await shop.stockOf(productId)).toBe(100 - CALLERS);
  });
});

describe('while the row of a user is locked', () => {
  it('40 charges wait with their own connections only; the line hears 503, and the balance adds up', async () => {
    const userId = await shop.user();
    const giveBack = await hold('users', userId);
    const charges = await untilLineHasGivenUp(() => shop.charge(userId, { amount: 10 }));
    await giveBack();

    expect(await charges.tally()).toEqual(FEW_SERVED);
    expect(await shop.balanceOf(userId)).toBe(10 * PURCHASES);
    expect(await shop.charge(userId, { amount: 10 })).toMatchObject({ status: 200 });
  });
});

describe('while the row of a coupon is locked', () => {
  it('40 changes of it wait with one connection; other coupons are changed and rebuilt, and all else goes on', async () => {
    const { couponId } = await api.createCoupon();
    const other = await api.createCoupon();
    const giveBack = await hold('coupons', couponId);
    const names = Array.from({ length: CALLERS }, (_, index) => `Changed ${index}`);
    const changes = new Calls(names.map((name) => api.patchCoupon(couponId, { name })));
    await eventually(async () => expect(await classOf(app, 'coupon_changes')).toEqual({ active: 1, waiting: 0 }));
    expect(await api.patchCoupon(other.couponId, { name: 'Renamed' })).toMatchObject({ status: 200 });
    expect(await api.rebuild(other.couponId)).toMatchObject({ status: 200 });
    await expectOthersServed();
    expect(changes.ended).toBe(0);
    await giveBack();

    expect(await changes.tally()).toEqual({ 200: CALLERS });
    const { version } = await database.row<{ version: number }>('SELECT version FROM coupons WHERE id = ?', [couponId]);
    expect(version).toBe(1 + CALLERS);
  });

  it('of the lock strategy, its callers wait; those of other lock coupons are issued', async () => {
    const { couponId } = await api.createCoupon({ strategy: 'lock' });
    const others = await inParallel(Array.from({ length: 4 }), () => api.createCoupon({ strategy: 'lock' }));
    const giveBack = await hold('coupons', couponId);
    const waiting = new Calls(newUserIds(20).map((userId) => api.issue(couponId, userId)));
    await eventually(async () => expect(await classOf(app, 'coupon_lock')).toMatchObject({ active: 2 }));
    for (const other of others) {
      const issued = await inParallel(newUserIds(20), (userId) => api.issue(other.couponId, userId));
      expect(tally(issued)).toEqual({ 200: 20 });
    }
    await expectOthersServed();
    expect(waiting.ended).toBe(0);
    await giveBack();

    expect(await waiting.tally()).toEqual({ 200: 20 });
    expect(await database.userCoupons(couponId)).toHaveLength(20);
  });
});

describe('while rows of every kind are locked', () => {
  it('the issuer and the lists keep the connections that nobody else may have', async () => {
    const [productId, userId] = [await shop.product(), await shop.user(1_000_000)];
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }]);
    // A new one would be loaded with a connection for changes of coupons, and these wait here.
    const other = await api.createCoupon();
    const locks = await inParallel(Array.from({ length: 3 }), () => api.createCoupon({ strategy: 'lock' }));
    const changed = await inParallel(Array.from({ length: 2 }), () => api.createCoupon());
    const held = [
      await hold('products', productId),
      ...(await inParallel([...locks, ...changed], ({ couponId }) => hold('coupons', couponId))),
    ];
    const payments = Array.from({ length: PURCHASES }, () => shop.pay(orderId, userId));
    const issued = locks.flatMap(({ couponId }) => [1, 2, 3].map(() => api.issue(couponId, newUserId())));
    const changes = changed.map(({ couponId }) => api.patchCoupon(couponId, { name: 'Changed' }));
    const waiting = new Calls([...payments, ...issued, ...changes]);
    // Of 14, 3 are kept for the issuer, and 1 for all that has no class of its own.
    await eventually(async () => {
      const all = await inParallel(['purchases', 'coupon_lock', 'coupon_changes'], (name) => classOf(app, name));
      expect(all.reduce((sum, { active = 0 }) => sum + active, 0)).toBe(10);
    });
    await expectOthersServed(other);
    // But a payment or two, which may not have got a connection.
    expect(waiting.ended).toBeLessThanOrEqual(2);
    for (const giveBack of held) await giveBack();
    const { 200: served = 0 } = await waiting.tally();
    expect(served).toBe(1 + issued.length + changes.length);
    expect(await shop.orderCounts(userId)).toEqual({ PAID: 1 });
  });
});
