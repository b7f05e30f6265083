import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, tally } from '../support/api-client.js';
import { PATIENT, startApp } from '../support/app-process.js';
import { openDatabase } from '../support/database.js';
import { inParallel, shuffled } from '../support/in-parallel.js';
import { Shop } from '../support/shop.js';

/** Many payments at once: whoever calls sees a business outcome, and money and stock add up. */

let shop: Shop;

beforeAll(async () => {
  shop = new Shop(new ApiClient((await startApp({ env: PATIENT, waitFor: '/health/ready' })).url), openDatabase());
});

/** `size` numbers from 0 on. */
const upTo = (size: number): number[] => Array.from({ length: size }, (_, index) => index);

describe('payments at once', () => {
  it('from one balance that covers 120 of 200: exactly 120 are paid', async () => {
    const [userId, productId] = [await shop.user(120 * 2000 + 1999), await shop.product({ price: 1000, stock: 1000 })];
    const orders = await inParallel(upTo(200), () => shop.order(userId, [{ productId, quantity: 2 }]), 20);
    const answers = await inParallel(orders, (orderId) => shop.pay(orderId, userId));
    expect(tally(answers)).toEqual({ 200: 120, '409 INSUFFICIENT_BALANCE': 80 });
    expect(await shop.balanceOf(userId)).toBe(1999);
    expect(await shop.stockOf(productId)).toBe(1000 - 240);
    expect(await shop.orderCounts(userId)).toEqual({ PAID: 120, PENDING: 80 });

    const paid = answers.filter(({ status }) => status === 200).map(({ body }) => body.remainingBalance);
    expect(paid.sort((a, b) => b - a)).toEqual(upTo(120).map((earlier) => 120 * 2000 + 1999 - (earlier + 1) * 2000));
  });

  it('of two products, named in opposite order by many users: all are paid', async () => {
    const products = [await shop.product({ stock: 200 }), await shop.product({ stock: 200 })];
    const users = await inParallel(upTo(100), () => shop.user(4000), 20);
    const orders = await inParallel(
      users.flatMap((userId) => [products, products.toReversed()].map((named) => ({ userId, named }))),
      async ({ userId, named }) => {
        const items = named.map((productId) => ({ productId, quantity: 1 }));
        return { userId, orderId: await shop.order(userId, items) };
      },
      20,
    );
    const answers = await inParallel(shuffled(orders), ({ orderId, userId }) => shop.pay(orderId, userId));
    expect(tally(answers)).toEqual({ 200: 200 });
    for (const productId of products) expect(await shop.stockOf(productId)).toBe(0);
    for (const userId of users) expect(await shop.balanceOf(userId)).toBe(0);
  });

  it('for the last 3 pieces, by 50 users: exactly 3 are paid', async () => {
    const productId = await shop.product({ stock: 3 });
    const users = await inParallel(upTo(50), () => shop.user(1000), 20);
    const orders = await inParallel(users, async (userId) => ({
      userId,
      orderId: await shop.order(userId, [{ productId, quantity: 1 }]),
    }));
    const answers = await inParallel(orders, ({ orderId, userId }) => shop.pay(orderId, userId));
    expect(tally(answers)).toEqual({ 200: 3, '409 OUT_OF_STOCK': 47 });
    expect(await shop.stockOf(productId)).toBe(0);
    const balances = await inParallel(users, (userId) => shop.balanceOf(userId));
    expect(balances.filter((balance) => balance === 0)).toHaveLength(3);
    expect(balances.filter((balance) => balance === 1000)).toHaveLength(47);
  });

  it('of the same order: one is paid', async () => {
    const [userId, productId] = [await shop.user(50_000), await shop.product()];
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }]);
    const answers = await inParallel(upTo(30), () => shop.pay(orderId, userId));
    expect(tally(answers)).toEqual({ 200: 1, '409 ORDER_ALREADY_PAID': 29 });
    expect(await shop.balanceOf(userId)).toBe(49_000);
  });

  it('with the same coupon: one is paid with it, and the others stay PENDING', async () => {
    const [userId, productId] = [await shop.user(50_000), await shop.product()];
    const couponId = await shop.coupon(userId, { discountAmount: 400 });
    const items = [{ productId, quantity: 1 }];
    const orders = await inParallel(upTo(20), () => shop.order(userId, items, couponId), 5);
    const answers = await inParallel(orders, (orderId) => shop.pay(orderId, userId));
    expect(tally(answers)).toEqual({ 200: 1, '409 COUPON_NOT_USABLE': 19 });
    expect(await shop.balanceOf(userId)).toBe(49_400);
    expect(await shop.orderCounts(userId)).toEqual({ PAID: 1, PENDING: 19 });
  });

  it('and charges of one balance add up', async () => {
    const [userId, productId] = [await shop.user(100_000), await shop.product()];
    const orders = await inParallel(upTo(50), () => shop.order(userId, [{ productId, quantity: 1 }]), 10);
    const answers = await Promise.all([
      inParallel(orders, (orderId) => shop.pay(orderId, userId)),
      inParallel(upTo(50), () => shop.charge(userId, { amount: 300 })),
    ]);
    expect(tally(answers.flat())).toEqual({ 200: 100 });
    expect(await shop.balanceOf(userId)).toBe(100_000 - 50_000 + 15_000);
  });
});
