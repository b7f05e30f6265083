import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, ApiClient, tally } from '../support/api-client.js';
import { PATIENT, startApp } from '../support/app-process.js';
import { openDatabase } from '../support/database.js';
import { inParallel, shuffled } from '../support/in-parallel.js';
import { Shop } from '../support/shop.js';

/** Cancellations and payments at once: each order ends in one state, and money, stock and coupons are exact. */

let shop: Shop;

beforeAll(async () => {
  shop = new Shop(new ApiClient((await startApp({ env: PATIENT, waitFor: '/health/ready' })).url), openDatabase());
});

/** `size` numbers from 0 on. */
const upTo = (size: number): number[] => Array.from({ length: size }, (_, index) => index);

async function couponStatusOf(userId: number): Promise<string | undefined> {
  const { body } = await shop.api.call<{ coupons: Array<{ status: string }> }>(`/api/users/${userId}/coupons`);
  return body.coupons[0]?.status;
}

describe('a payment and a cancellation of the same order at once', () => {
  it('end as CANCELLED, or as paid and REFUNDED: nobody has lost anything', async () => {
    const productId = await shop.product({ stock: 60 });
    const orders = await inParallel(
      upTo(60),
      async () => {
        const userId = await shop.user(1000);
        return { userId, orderId: await shop.order(userId, [{ productId, quantity: 1 }]) };
      },
      10,
    );
    const ends = await inParallel(
      orders,
      async ({ userId, orderId }, index) => {
        const calls = [() => shop.pay(orderId, userId), () => shop.cancel(orderId, userId)];
        const answers = await Promise.all((index % 2 === 0 ? calls : calls.toReversed()).map((call) => call()));
        const { status } = (await shop.showOrder(orderId)).body;
        const end = status === 'REFUNDED' ? { 200: 2 } : { 200: 1, '409 ORDER_NOT_PAYABLE': 1 };
        expect([status, tally(answers)]).toEqual([expect.stringMatching(/^(REFUNDED|CANCELLED)$/), end]);
        expect(await shop.balanceOf(userId)).toBe(1000);
        return status;
      },
      10,
    );
    expect(ends).toHaveLength(60);
    expect(await shop.stockOf(productId)).toBe(60);
  });
});

describe('cancellations at once', () => {
  it('of one paid order: one refunds it', async () => {
    const [userId, productId] = [await shop.user(50_000), await shop.product({ stock: 10 })];
    const couponId = await shop.coupon(userId, { discountAmount: 400 });
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }], couponId);
    expect((await shop.pay(orderId, userId)).status).toBe(200);
    const answers = await inParallel(upTo(30), () => shop.cancel(orderId, userId));
    expect(tally(answers)).toEqual({ 200: 1, '409 ORDER_NOT_CANCELLABLE': 29 });
    expect([await shop.balanceOf(userId), await shop.stockOf(productId)]).toEqual([50_000, 10]);
    expect(await couponStatusOf(userId)).toBe('AVAILABLE');
  });

  it('of one order, under one key: one effect, and one answer for those who get one', async () => {
    const [userId, productId] = [await shop.user(50_000), await shop.product({ stock: 10 })];
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }]);
    expect((await shop.pay(orderId, userId)).status).toBe(200);
    const answers = await inParallel(upTo(30), () => shop.cancel(orderId, userId, 'once'));
    const done = answers.filter(({ status }) => status === 200);
    expect(done.length).toBeGreaterThan(0);
    for (const { body } of done) expect(body).toEqual(done[0]?.body);
    const waiting = answers.filter(({ error }) => error === 'IDEMPOTENCY_IN_PROGRESS');
    expect(done.length + waiting.length).toBe(30);
    expect([await shop.balanceOf(userId), await shop.stockOf(productId)]).toEqual([50_000, 10]);
  });

  it('while another order wants the coupon: it is used for one of them, or for none', async () => {
    const productId = await shop.product();
    const ends = await inParallel(
      upTo(30),
      async () => {
        const userId = await shop.user(10_000);
        const couponId = await shop.coupon(userId, { discountAmount: 400 });
        const items = [{ productId, quantity: 1 }];
        const [first, second] = [await shop.order(userId, items, couponId), await shop.order(userId, items, couponId)];
        expect((await shop.pay(first, userId)).status).toBe(200);
        const [cancelled, paid] = await Promise.all([shop.cancel(first, userId), shop.pay(second, userId)]);
        expect(cancelled.status).toBe(200);
        const isPaid = paid.status === 200;
        if (!isPaid) expect(paid).toMatchObject({ status: 409, error: 'COUPON_NOT_USABLE' });
        expect(await couponStatusOf(userId)).toBe(isPaid ? 'USED' : 'AVAILABLE');
        expect(await shop.balanceOf(userId)).toBe(isPaid ? 9400 : 10_000);
        return isPaid;
      },
      10,
    );
    const sold = ends.filter((isPaid) => isPaid).length;
    expect(await shop.stockOf(productId)).toBe(1_000_000 - sold);
  });

  it('and payments of two products, named in opposite order by many users: all are done', async () => {
    const products = [await shop.product({ stock: 200 }), await shop.product({ stock: 200 })];
    const buyers = await inParallel(
      upTo(100),
      async () => {
        const userId = await shop.user(4000);
        const [toCancel, toPay] = await inParallel([products, products.toReversed()], (named) =>
          shop.order(
            userId,
            named.map((productId) => ({ productId, quantity: 1 })),
          ),
        );
        if (toCancel === undefined || toPay === undefined) throw new Error('there are two orders');
        expect((await shop.pay(toCancel, userId)).status).toBe(200);
        return { userId, toCancel, toPay };
      },
      20,
    );
    const calls = buyers.flatMap(({ userId, toCancel, toPay }): Array<() => Promise<Answer<object>>> => [
      () => shop.cancel(toCancel, userId),
      () => shop.pay(toPay, userId),
    ]);
    expect(tally(await inParallel(shuffled(calls), (call) => call()))).toEqual({ 200: 200 });
    for (const productId of products) expect(await shop.stockOf(productId)).toBe(100);
    for (const { userId } of buyers) {
      expect(await shop.balanceOf(userId)).toBe(2000);
      expect(await shop.orderCounts(userId)).toEqual({ PAID: 1, REFUNDED: 1 });
    }
  });
});
