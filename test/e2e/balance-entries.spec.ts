import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, tally } from '../support/api-client.js';
import { PATIENT, startApp } from '../support/app-process.js';
import { openDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { Shop } from '../support/shop.js';
import { time } from '../support/times.js';
import { newUserId } from '../support/unique-ids.js';

/** What every movement of a balance leaves behind. */

interface EntryBody {
  entryId: number;
  amount: number;
  kind: 'OPENING' | 'CHARGE' | 'PAYMENT' | 'REFUND';
  orderId: number | null;
  createdAt: string;
}

let shop: Shop;

beforeAll(async () => {
  shop = new Shop(new ApiClient((await startApp({ env: PATIENT, waitFor: '/health/ready' })).url), openDatabase());
});

async function list(userId: number, query = '') {
  const path = `/api/users/${userId}/balance/entries${query}`;
  return await shop.api.call<{ entries: EntryBody[]; nextCursor: string | null }>(path);
}

/** What the user's entries say, the oldest first. */
async function movements(userId: number): Promise<Array<[kind: string, amount: number, orderId: number | null]>> {
  const { status, body } = await list(userId, '?limit=100');
  expect({ status, nextCursor: body.nextCursor }).toEqual({ status: 200, nextCursor: null });
  return body.entries.toReversed().map(({ kind, amount, orderId }) => [kind, amount, orderId]);
}

async function charge(userId: number, amount: number): Promise<void> {
  expect(await shop.charge(userId, { amount })).toMatchObject({ status: 200 });
}

describe('a movement of a balance', () => {
  it('leaves an entry with its amount, its kind and its order', async () => {
    const [userId, productId] = [await shop.user(), await shop.product({ price: 300 })];
    expect(await movements(userId)).toEqual([]);
    const { body: charged } = await shop.charge(userId, { amount: 1000 });
    const orderId = await shop.order(userId, [{ productId, quantity: 2 }]);
    expect(await shop.pay(orderId, userId)).toMatchObject({ status: 200, body: { remainingBalance: 400 } });

    const { body } = await list(userId);
    expect(body).toEqual({
      entries: [
        { entryId: expect.any(Number), amount: -600, kind: 'PAYMENT', orderId, createdAt: time },
        { entryId: expect.any(Number), amount: 1000, kind: 'CHARGE', orderId: null, createdAt: charged.chargedAt },
      ],
      nextCursor: null,
    });
  });

  it('leaves one of its own when an order is refunded, and none when it was never paid', async () => {
    const [userId, productId] = [await shop.user(), await shop.product({ price: 300 })];
    await charge(userId, 1000);
    const orders = await inParallel([1, 2], (quantity) => shop.order(userId, [{ productId, quantity }]));
    const [orderId = 0, unpaid = 0] = orders;
    expect(await shop.pay(orderId, userId)).toMatchObject({ status: 200 });
    for (const id of [orderId, unpaid]) expect(await shop.cancel(id, userId)).toMatchObject({ status: 200 });
    expect(await shop.cancel(orderId, userId)).toMatchObject({ error: 'ORDER_NOT_CANCELLABLE' });
    expect(await movements(userId)).toEqual([
      ['CHARGE', 1000, null],
      ['PAYMENT', -300, orderId],
      ['REFUND', 300, orderId],
    ]);
  });

  it('leaves none when it is repeated, refused or taken back', async () => {
    const userId = await shop.user();
    const [soldOut, dear] = [await shop.product({ price: 1, stock: 0 }), await shop.product({ price: 1001 })];
    for (let round = 0; round < 2; round += 1) {
      const answer = await shop.charge(userId, { amount: 1000, idempotencyKey: 'once' });
      expect(answer).toMatchObject({ status: 200, body: { balance: 1000 } });
    }
    // The balance is taken before the stock turns out to be too low.
    const unsold = await shop.order(userId, [{ productId: soldOut, quantity: 1 }]);
    expect(await shop.pay(unsold, userId)).toMatchObject({ error: 'OUT_OF_STOCK' });
    const unpaid = await shop.order(userId, [{ productId: dear, quantity: 1 }]);
    expect(await shop.pay(unpaid, userId)).toMatchObject({ error: 'INSUFFICIENT_BALANCE' });
    expect(await shop.charge(userId, { amount: Number.MAX_SAFE_INTEGER })).toMatchObject({ status: 400 });
    expect(await movements(userId)).toEqual([['CHARGE', 1000, null]]);
  });

  it('of nothing leaves none', async () => {
    const [userId, productId] = [await shop.user(), await shop.product({ price: 100 })];
    const couponId = await shop.coupon(userId, { discountAmount: 100 });
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }], couponId);
    expect(await shop.pay(orderId, userId)).toMatchObject({ status: 200, body: { paidAmount: 0 } });
    expect(await movements(userId)).toEqual([]);
  });

  it('adds up with all others, also when they come at once', async () => {
    const [userId, productId] = [await shop.user(), await shop.product({ price: 7 })];
    await charge(userId, 50);
    const orders = await inParallel(Array.from({ length: 12 }), () => shop.order(userId, [{ productId, quantity: 1 }]));
    const [paid, charged] = await Promise.all([
      inParallel(orders, (orderId) => shop.pay(orderId, userId), 12),
      inParallel(Array.from({ length: 12 }), () => shop.charge(userId, { amount: 3 }), 12),
    ]);
    expect(tally(charged)).toEqual({ 200: 12 });
    const found = await movements(userId);
    expect(found.filter(([kind]) => kind === 'CHARGE')).toHaveLength(13);
    const paidOrders = orders.filter((_order, index) => paid[index]?.status === 200);
    const orderIds = found.flatMap(([kind, , orderId]) => (kind === 'PAYMENT' ? [orderId] : []));
    expect(orderIds).toHaveLength(paidOrders.length);
    expect(new Set(orderIds)).toEqual(new Set(paidOrders));
    expect(found.reduce((sum, [, amount]) => sum + amount, 0)).toBe(await shop.balanceOf(userId));
  });
});

describe('the list of entries', () => {
  it('comes in pages, newest first', async () => {
    const userId = await shop.user();
    for (const amount of [1, 2, 3, 4, 5]) await charge(userId, amount);
    const found: number[] = [];
    for (let query = '?limit=2'; ;) {
      const { status, body } = await list(userId, query);
      expect(status).toBe(200);
      found.push(...body.entries.map(({ amount }) => amount));
      if (body.nextCursor === null) break;
      expect(body.entries).toHaveLength(2);
      query = `?limit=2&cursor=${body.nextCursor}`;
    }
    expect(found).toEqual([5, 4, 3, 2, 1]);
  });

  it('is that of one user, who must be there', async () => {
    const [one, other] = [await shop.user(), await shop.user()];
    await charge(other, 5);
    expect(await movements(one)).toEqual([]);
    expect(await list(newUserId())).toMatchObject({ status: 404, error: 'USER_NOT_FOUND' });
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['cursor=x', 'cursor'],
    ['kind=CHARGE', 'kind'],
  ])('refuses ?%s', async (query, path) => {
    expect(await list(await shop.user(), `?${query}`)).toMatchObject({
      status: 400,
      error: 'VALIDATION_FAILED',
      body: { errors: [{ path }] },
    });
  });
});
