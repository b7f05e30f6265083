import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { openDatabase } from '../support/database.js';
import { type OrderBody, Shop } from '../support/shop.js';
import { time } from '../support/times.js';
import { newUserId } from '../support/unique-ids.js';

/** The contract of the calls about users and products, and of the list of orders. */

interface ProductBody {
  productId: number;
  name: string;
  price: number;
  stock: number;
}

let shop: Shop;

beforeAll(async () => {
  shop = new Shop(new ApiClient((await startApp({ waitFor: '/health/ready' })).url), openDatabase());
});

async function list(query: string) {
  return await shop.api.call<{ orders: OrderBody[]; nextCursor: string | null }>(`/api/orders?${query}`);
}

/** All pages of two orders. */
async function pages(query: string): Promise<OrderBody[]> {
  const found: OrderBody[] = [];
  let cursor = '';
  for (;;) {
    const { status, body } = await list(`${query}&limit=2${cursor}`);
    expect(status).toBe(200);
    found.push(...body.orders);
    if (body.nextCursor === null) return found;
    expect(body.orders).toHaveLength(2);
    cursor = `&cursor=${body.nextCursor}`;
  }
}

describe('a user', () => {
  it('has these fields, and a balance', async () => {
    const userId = await shop.user(123_456_789_012);
    const user = await shop.api.call(`/api/users/${userId}`);
    expect(user.status).toBe(200);
    expect(user.body).toEqual({ userId, name: `User ${userId}`, email: `${userId}@example.com`, createdAt: time });
    const balance = await shop.api.call(`/api/users/${userId}/balance`);
    expect(balance.status).toBe(200);
    expect(balance.body).toEqual({ userId, balance: 123_456_789_012 });
  });

  it('may charge the balance', async () => {
    const userId = await shop.user(500);
    const { status, body } = await shop.charge(userId, { amount: 1_000_000_000_000 });
    expect(status).toBe(200);
    expect(body).toEqual({ userId, balance: 1_000_000_000_500, chargedAmount: 1_000_000_000_000, chargedAt: time });
    expect(await shop.charge(userId, { amount: 1 })).toMatchObject({ body: { balance: 1_000_000_000_501 } });
  });

  it('cannot charge more than a number in JSON can hold', async () => {
    const userId = await shop.user(Number.MAX_SAFE_INTEGER - 10);
    expect(await shop.charge(userId, { amount: 11 })).toMatchObject({ status: 400, error: 'VALIDATION_FAILED' });
    expect(await shop.charge(userId, { amount: 10 })).toMatchObject({ body: { balance: Number.MAX_SAFE_INTEGER } });
  });

  it('that is unknown is 404', async () => {
    const userId = newUserId();
    for (const path of ['', '/balance']) {
      expect(await shop.api.call(`/api/users/${userId}${path}`)).toMatchObject({
        status: 404,
        error: 'USER_NOT_FOUND',
      });
    }
    expect(await shop.charge(userId, { amount: 1, idempotencyKey: 'k' })).toMatchObject({ error: 'USER_NOT_FOUND' });
  });
});

describe('a product', () => {
  it('has these fields', async () => {
    const productId = await shop.product({ price: 24_900, stock: 0 });
    const { status, body } = await shop.api.call(`/api/products/${productId}`);
    expect(status).toBe(200);
    expect(body).toEqual({ productId, name: `Product ${productId}`, price: 24_900, stock: 0 });
  });

  it('that is unknown is 404', async () => {
    expect(await shop.api.call(`/api/products/${newUserId()}`)).toMatchObject({
      status: 404,
      error: 'PRODUCT_NOT_FOUND',
    });
  });
});

describe('the products', () => {
  it('come newest first, each one as it is shown by itself, and page by page', async () => {
    const ours: number[] = [];
    for (const stock of [1, 2, 3]) ours.unshift(await shop.product({ stock }));
    const found: ProductBody[] = [];
    let last = Number.POSITIVE_INFINITY;
    let query = '?limit=2';
    while (found.length < ours.length) {
      const { status, body } = await shop.api.call<{ products: ProductBody[]; nextCursor: string | null }>(
        `/api/products${query}`,
      );
      expect(status).toBe(200);
      for (const { productId } of body.products) {
        expect(productId).toBeLessThan(last);
        last = productId;
      }
      found.push(...body.products.filter(({ productId }) => ours.includes(productId)));
      if (body.nextCursor === null) break;
      expect(body.products).toHaveLength(2);
      query = `?limit=2&cursor=${body.nextCursor}`;
    }
    expect(found.map(({ productId }) => productId)).toEqual(ours);
    for (const product of found)
      expect((await shop.api.call(`/api/products/${product.productId}`)).body).toEqual(product);
  });
});

describe('the orders of a user', () => {
  it('are none for somebody who has none, registered or not', async () => {
    for (const userId of [await shop.user(), newUserId()]) {
      expect(await list(`userId=${userId}`)).toMatchObject({ status: 200, body: { orders: [], nextCursor: null } });
    }
  });

  it('come newest first by time and then by id, page by page, all or those in one state', async () => {
    const [userId, other] = [await shop.user(10_000), await shop.user()];
    const products = [await shop.product(), await shop.product()];
    const items = products.map((productId) => ({ productId, quantity: 1 }));
    await shop.order(other, items);
    const ids: number[] = [];
    for (let left = 5; left > 0; left -= 1) ids.push(await shop.order(userId, items));
    const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0] = ids;
    await shop.database.change("UPDATE orders SET created_at = '2026-01-01 00:00:00.123' WHERE user_id = ?", [userId]);
    await shop.database.change("UPDATE orders SET created_at = '2026-01-01 00:00:00.124' WHERE id = ?", [second]);
    for (const orderId of [first, fourth]) expect((await shop.pay(orderId, userId)).status).toBe(200);

    const all = await pages(`userId=${userId}`);
    expect(all.map(({ orderId }) => orderId)).toEqual([second, fifth, fourth, third, first]);
    for (const order of all) expect((await shop.showOrder(order.orderId)).body).toEqual(order);
    const paid = await pages(`userId=${userId}&status=PAID`);
    expect(paid.map(({ orderId }) => orderId)).toEqual([fourth, first]);
    const pending = await pages(`userId=${userId}&status=PENDING`);
    expect(pending.map(({ orderId }) => orderId)).toEqual([second, fifth, third]);
    expect((await list(`userId=${userId}&limit=5`)).body.nextCursor).toBeNull();
  });
});
