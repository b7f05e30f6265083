import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, ApiClient } from '../support/api-client.js';
import { PATIENT, startApp } from '../support/app-process.js';
import { openDatabase } from '../support/database.js';
import { type OrderBody, Shop } from '../support/shop.js';
import { newUserId } from '../support/unique-ids.js';

/** On what a coupon may be spent: when the order is quoted, when it is made, and again when it is paid. */

let shop: Shop;

beforeAll(async () => {
  shop = new Shop(new ApiClient((await startApp({ env: PATIENT, waitFor: '/health/ready' })).url), openDatabase());
});

interface Quote extends Pick<OrderBody, 'items' | 'subtotalAmount' | 'discountAmount' | 'totalAmount'> {
  reason?: string;
}

function quote(body: object): Promise<Answer<Quote>> {
  return shop.api.call('/api/orders/quote', { method: 'POST', body });
}

/** A user with 100,000 won and a coupon with these terms. */
async function holder(terms: object): Promise<{ userId: number; couponId: number }> {
  const userId = await shop.user(100_000);
  return { userId, couponId: await shop.coupon(userId, terms) };
}

async function change(couponId: number, terms: object): Promise<void> {
  expect(await shop.api.patchCoupon(couponId, { ...terms })).toMatchObject({ status: 200 });
}

/** The discount of an order, which is quoted first; or why both are refused, with the same words. */
async function discountOf(body: { userId: number; couponId: number; items: object[] }): Promise<unknown> {
  const quoted = await quote(body);
  const placed = await shop.placeOrder(body);
  if (placed.status !== 201) {
    expect([quoted.status, withoutInstance(quoted.body)]).toEqual([placed.status, withoutInstance(placed.body)]);
    return placed;
  }
  const { items, subtotalAmount, discountAmount, totalAmount } = placed.body;
  expect([quoted.status, quoted.body]).toEqual([200, { items, subtotalAmount, discountAmount, totalAmount }]);
  expect(totalAmount).toBe(subtotalAmount - discountAmount);
  return discountAmount;
}

/** Which call it was is not the same. */
function withoutInstance(problem: object): object {
  return { ...problem, instance: undefined };
}

describe('the least that an order must come to', () => {
  it('is met exactly, or the order is refused with what is missing', async () => {
    const { userId, couponId } = await holder({ discountAmount: 1000, minOrderAmount: 30_000 });
    const [enough, less] = [await shop.product({ price: 30_000 }), await shop.product({ price: 29_999 })];
    const on = (productId: number) => discountOf({ userId, couponId, items: [{ productId, quantity: 1 }] });
    expect(await on(enough)).toBe(1000);
    expect(await on(less)).toMatchObject({
      status: 409,
      error: 'COUPON_CONDITIONS_NOT_MET',
      body: { couponId, reason: 'BELOW_MIN_ORDER_AMOUNT', minOrderAmount: 30_000, missingAmount: 1 },
    });
  });

  it('counts the lines alone on which the discount counts', async () => {
    const [named, other] = [await shop.product({ price: 1000 }), await shop.product({ price: 50_000 })];
    const terms = { discountRate: 10, minOrderAmount: 3000, productIds: [named, newUserId()] };
    const { userId, couponId } = await holder(terms);
    const on = (quantity: number) => {
      const items = [
        { productId: other, quantity: 1 },
        { productId: named, quantity },
      ];
      return discountOf({ userId, couponId, items });
    };
    expect(await on(3)).toBe(300);
    expect(await on(2)).toMatchObject({
      error: 'COUPON_CONDITIONS_NOT_MET',
      body: { reason: 'BELOW_MIN_ORDER_AMOUNT', missingAmount: 1000 },
    });
  });
});

describe('the products on which a discount counts', () => {
  it('are discounted, and nothing else is', async () => {
    const [named, other] = [await shop.product({ price: 1000 }), await shop.product({ price: 50_000 })];
    const { userId, couponId } = await holder({ discountAmount: 5000, productIds: [named] });
    const of = (...products: number[]) => {
      const items = products.map((productId) => ({ productId, quantity: 2 }));
      return discountOf({ userId, couponId, items });
    };
    expect(await of(other, named)).toBe(2000);
    expect(await of(other)).toMatchObject({
      status: 409,
      error: 'COUPON_CONDITIONS_NOT_MET',
      body: { couponId, reason: 'NO_ELIGIBLE_PRODUCT', productIds: [named] },
    });
  });
});

describe('the most that a rate takes off', () => {
  it('is a limit', async () => {
    const { userId, couponId } = await holder({ discountRate: 50, maxDiscountAmount: 5000 });
    const [atIt, above] = [await shop.product({ price: 10_001 }), await shop.product({ price: 10_002 })];
    const on = (productId: number) => discountOf({ userId, couponId, items: [{ productId, quantity: 1 }] });
    expect([await on(atIt), await on(above)]).toEqual([5000, 5000]);
    await change(couponId, { maxDiscountAmount: null });
    expect([await on(atIt), await on(above)]).toEqual([5000, 5001]);
  });
});

/** An order over 2 pieces at 10,000 won with half of it off, paid after the coupon was changed. */
async function paidAfter(changed: (bought: number) => object) {
  const productId = await shop.product({ price: 10_000, stock: 10 });
  const { userId, couponId } = await holder({ discountRate: 50 });
  const orderId = await shop.order(userId, [{ productId, quantity: 2 }], couponId);
  // The order has its own prices.
  await shop.database.change('UPDATE products SET price = 1 WHERE id = ?', [productId]);
  await change(couponId, { ...changed(productId), applyToIssued: true });
  return { userId, couponId, orderId, productId, answer: await shop.pay(orderId, userId) };
}

describe('a payment', () => {
  it.each<[string, (bought: number) => object]>([
    ['the least is what it comes to', () => ({ minOrderAmount: 20_000 })],
    ['its product is one of those that count', (bought) => ({ productIds: [bought, 1] })],
    ['less would be taken off by now', () => ({ maxDiscountAmount: 1 })],
  ])('goes by the prices of the order and keeps its amounts: %s', async (_name, changed) => {
    const { answer } = await paidAfter(changed);
    expect(answer).toMatchObject({ status: 200, body: { paidAmount: 10_000, remainingBalance: 90_000 } });
  });

  it.each<[string, () => object, object]>([
    [
      'more is wanted by now',
      () => ({ minOrderAmount: 20_001 }),
      { reason: 'BELOW_MIN_ORDER_AMOUNT', minOrderAmount: 20_001, missingAmount: 1 },
    ],
    [
      'other products are wanted by now',
      () => ({ productIds: [1] }),
      { reason: 'NO_ELIGIBLE_PRODUCT', productIds: [1] },
    ],
  ])('is refused, and changes nothing: %s', async (_name, changed, refusal) => {
    const { answer, userId, couponId, orderId, productId } = await paidAfter(changed);
    expect(answer).toMatchObject({ status: 409, error: 'COUPON_CONDITIONS_NOT_MET', body: refusal });
    const state = async () => [
      await shop.balanceOf(userId),
      await shop.stockOf(productId),
      (await shop.showOrder(orderId)).body.status,
    ];
    expect(await state()).toEqual([100_000, 10, 'PENDING']);
    // And goes through once the condition is gone.
    await change(couponId, { minOrderAmount: null, productIds: null });
    expect((await shop.pay(orderId, userId)).status).toBe(200);
    expect(await state()).toEqual([90_000, 8, 'PAID']);
  });
});

describe('a coupon that cannot be spent at the moment', () => {
  it('is SUSPENDED, for orders and payments, until it can', async () => {
    const { userId, couponId } = await holder({ discountAmount: 1000 });
    const items = [{ productId: await shop.product(), quantity: 2 }];
    const orderId = await shop.order(userId, items, couponId);
    await change(couponId, { isRedeemable: false });
    const refusal = { status: 409, error: 'COUPON_NOT_USABLE', body: { reason: 'SUSPENDED' } };
    expect(await discountOf({ userId, couponId, items })).toMatchObject(refusal);
    expect(await shop.pay(orderId, userId)).toMatchObject(refusal);
    await change(couponId, { isRedeemable: true });
    expect(await shop.pay(orderId, userId)).toMatchObject({ status: 200, body: { paidAmount: 1000 } });
    expect(await discountOf({ userId, couponId, items })).toMatchObject({ ...refusal, body: { reason: 'USED' } });
  });
});

describe('a quote', () => {
  it('without a coupon has no discount, and takes a key that has no meaning', async () => {
    const [userId, productId] = [await shop.user(), await shop.product({ price: 1500 })];
    const body = { userId, items: [{ productId, quantity: 3 }], couponId: null, idempotencyKey: 'ignored' };
    for (const quantity of [3, 4]) {
      const amount = 1500 * quantity;
      const answer = await quote({ ...body, items: [{ productId, quantity }] });
      expect([answer.status, answer.body]).toEqual([
        200,
        {
          items: [{ productId, productName: `Product ${productId}`, unitPrice: 1500, quantity }],
          subtotalAmount: amount,
          discountAmount: 0,
          totalAmount: amount,
        },
      ]);
    }
    expect((await quote(body)).headers.get('location')).toBeNull();
  });

  it('stores nothing and takes nothing', async () => {
    const { userId, couponId } = await holder({ discountAmount: 1000 });
    const productId = await shop.product({ stock: 1 });
    const body = { userId, couponId, items: [{ productId, quantity: 5 }], idempotencyKey: 'nothing' };
    expect(await quote(body)).toMatchObject({ status: 200, body: { totalAmount: 4000 } });
    expect(await shop.orderCounts(userId)).toEqual({});
    expect(await shop.database.rows('SELECT 1 AS one FROM idempotency_keys WHERE owner_id = ?', [userId])).toEqual([]);
    expect([await shop.balanceOf(userId), await shop.stockOf(productId)]).toEqual([100_000, 1]);
  });

  it('is refused as the order would be', async () => {
    const [userId, productId] = [await shop.user(), await shop.product()];
    const items = [{ productId, quantity: 1 }];
    expect(await quote({ userId: newUserId(), items })).toMatchObject({ status: 404, error: 'USER_NOT_FOUND' });
    const unknown = [{ productId: newUserId(), quantity: 1 }];
    expect(await quote({ userId, items: unknown })).toMatchObject({ status: 404, error: 'PRODUCT_NOT_FOUND' });
    const held = { error: 'COUPON_NOT_USABLE', body: { reason: 'NOT_HELD' } };
    expect(await quote({ userId, items, couponId: Number.MAX_SAFE_INTEGER })).toMatchObject({ status: 409, ...held });
    for (const wrong of [{ items: [] }, { items: [{ productId, quantity: 0 }] }, { userId: 0 }, { price: 1 }]) {
      expect(await quote({ userId, items, ...wrong })).toMatchObject({ status: 400, error: 'VALIDATION_FAILED' });
    }
    const dear = await shop.product({ price: Number.MAX_SAFE_INTEGER });
    expect(await quote({ userId, items: [{ productId: dear, quantity: 2 }] })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'items' }] },
    });
  });
});
