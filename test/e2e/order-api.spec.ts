import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { openDatabase, openDataSource } from '../support/database.js';
import { Shop } from '../support/shop.js';
import { time } from '../support/times.js';
import { newUserId } from '../support/unique-ids.js';

/** The contract of the calls about orders and their payment, field by field. */

const NOBODYS_ORDER = Number.MAX_SAFE_INTEGER;

let shop: Shop;

beforeAll(async () => {
  shop = new Shop(new ApiClient((await startApp({ waitFor: '/health/ready' })).url), openDatabase());
});

describe('an order', () => {
  it('is created PENDING with the prices of the moment, and shown as it was created', async () => {
    const userId = await shop.user();
    const [second, first] = [await shop.product({ price: 1500 }), await shop.product({ price: 89_000 })];
    const items = [
      { productId: first, quantity: 1 },
      { productId: second, quantity: 3 },
    ];
    const { status, body, headers } = await shop.placeOrder({ userId, items, couponId: null, idempotencyKey: null });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/api/orders/${body.orderId}`);
    expect(body).toEqual({
      orderId: expect.any(Number),
      userId,
      orderNumber: expect.stringMatching(/^\d{8}-[2-9A-HJKMNP-Z]{5}-[2-9A-HJKMNP-Z]{5}$/),
      items: [
        { productId: first, productName: `Product ${first}`, unitPrice: 89_000, quantity: 1 },
        { productId: second, productName: `Product ${second}`, unitPrice: 1500, quantity: 3 },
      ],
      subtotalAmount: 93_500,
      discountAmount: 0,
      totalAmount: 93_500,
      status: 'PENDING',
      createdAt: time,
      paidAt: null,
      cancelledAt: null,
      refundedAt: null,
      refundedAmount: null,
    });

    await shop.database.change("UPDATE products SET price = 1, name = 'Renamed' WHERE id IN (?)", [[first, second]]);
    expect(await shop.showOrder(body.orderId)).toMatchObject({ status: 200, body });
    expect((await shop.showOrder(body.orderId)).body).toEqual(body);
    expect(await shop.stockOf(first)).toBe(1_000_000);
  });

  it('adds up a product that is named several times', async () => {
    const [userId, one, other] = [await shop.user(), await shop.product(), await shop.product()];
    const items = [one, other, one].map((productId, index) => ({ productId, quantity: index + 1 }));
    expect(await shop.placeOrder({ userId, items })).toMatchObject({
      status: 201,
      body: {
        items: [
          { productId: one, quantity: 4 },
          { productId: other, quantity: 2 },
        ],
        totalAmount: 6000,
      },
    });
  });

  it('may ask for more than there is: the stock is decided by the payment', async () => {
    const [userId, productId] = [await shop.user(5000), await shop.product({ stock: 1 })];
    const orderId = await shop.order(userId, [{ productId, quantity: 2 }]);
    await shop.database.change('UPDATE products SET stock = 2 WHERE id = ?', [productId]);
    expect((await shop.pay(orderId, userId)).status).toBe(200);
  });

  it.each([
    [{ discountAmount: 3000 }, 3000],
    [{ discountAmount: 3_000_000 }, 9999],
    [{ discountRate: 33 }, 3299],
    [{ discountRate: 100 }, 9999],
  ])('has the discount %j of a coupon that the user holds', async (discount, discountAmount) => {
    const [userId, productId] = [await shop.user(), await shop.product({ price: 9999 })];
    const couponId = await shop.coupon(userId, discount);
    const answer = await shop.placeOrder({ userId, items: [{ productId, quantity: 1 }], couponId });
    const amounts = { subtotalAmount: 9999, discountAmount, totalAmount: 9999 - discountAmount };
    expect(answer).toMatchObject({ status: 201, body: amounts });
  });

  it('is refused with a coupon that the user does not hold, has used, or that has expired', async () => {
    const [userId, productId] = [await shop.user(), await shop.product()];
    const [used, expired] = [await shop.coupon(userId), await shop.coupon(userId)];
    const held = await shop.coupon(newUserId());
    await shop.database.change('UPDATE user_coupons SET used_at = issued_at WHERE coupon_id = ?', [used]);
    const past = new Date(Date.now() - 1000).toISOString();
    const ended = { expiresAt: past, usableUntil: past, applyToIssued: true };
    expect((await shop.api.patchCoupon(expired, ended)).status).toBe(200);
    const reasons: Array<[number, string]> = [
      [held, 'NOT_HELD'],
      [used, 'USED'],
      [expired, 'EXPIRED'],
      [Number.MAX_SAFE_INTEGER, 'NOT_HELD'],
    ];
    for (const [couponId, reason] of reasons) {
      const answer = await shop.placeOrder({ userId, items: [{ productId, quantity: 1 }], couponId });
      expect(answer).toMatchObject({ status: 409, error: 'COUPON_NOT_USABLE', body: { reason } });
    }
    expect(await shop.orderCounts(userId)).toEqual({});
  });

  it('of an unknown user or product is 404', async () => {
    const [userId, productId] = [await shop.user(), await shop.product()];
    const items = [{ productId, quantity: 1 }];
    expect(await shop.placeOrder({ userId: newUserId(), items })).toMatchObject({
      status: 404,
      error: 'USER_NOT_FOUND',
    });
    const withUnknown = [...items, { productId: newUserId(), quantity: 1 }];
    expect(await shop.placeOrder({ userId, items: withUnknown })).toMatchObject({
      status: 404,
      error: 'PRODUCT_NOT_FOUND',
    });
    expect(await shop.orderCounts(userId)).toEqual({});
  });

  it('is not found when there is none, and when it is another user’s', async () => {
    const [userId, productId] = [await shop.user(), await shop.product()];
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }]);
    expect(await shop.api.call(`/api/orders/${orderId}?userId=${userId}`)).toMatchObject({
      status: 200,
      body: { orderId },
    });
    for (const path of [`${orderId}?userId=${userId + 1}`, NOBODYS_ORDER]) {
      expect(await shop.api.call(`/api/orders/${path}`)).toMatchObject({ status: 404, error: 'ORDER_NOT_FOUND' });
    }
  });
});

describe('a payment', () => {
  it('takes balance and stock, uses the coupon and marks the order PAID', async () => {
    const [userId, productId] = [await shop.user(10_000), await shop.product({ price: 3000, stock: 10 })];
    const couponId = await shop.coupon(userId, { discountAmount: 1000 });
    const orderId = await shop.order(userId, [{ productId, quantity: 2 }], couponId);
    const { status, body } = await shop.pay(orderId, userId);
    expect(status).toBe(200);
    expect(body).toEqual({ orderId, paidAmount: 5000, remainingBalance: 5000, status: 'PAID', paidAt: time });
    expect(await shop.balanceOf(userId)).toBe(5000);
    expect(await shop.stockOf(productId)).toBe(8);
    expect((await shop.showOrder(orderId)).body).toMatchObject({ status: 'PAID', paidAt: body.paidAt });
    const held = await shop.api.call(`/api/users/${userId}/coupons`);
    expect(held.body).toMatchObject({ coupons: [{ couponId, status: 'USED', usedAt: body.paidAt }] });
  });

  it('may take the last won and the last piece, and nothing at all', async () => {
    const [userId, productId] = [await shop.user(1000), await shop.product({ stock: 2 })];
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }]);
    expect(await shop.pay(orderId, userId)).toMatchObject({ status: 200, body: { remainingBalance: 0 } });
    const couponId = await shop.coupon(userId, { discountRate: 100 });
    const free = await shop.order(userId, [{ productId, quantity: 1 }], couponId);
    expect(await shop.pay(free, userId)).toMatchObject({ status: 200, body: { paidAmount: 0, remainingBalance: 0 } });
    expect(await shop.stockOf(productId)).toBe(0);
  });

  it('is refused the second time', async () => {
    const [userId, productId] = [await shop.user(10_000), await shop.product({ stock: 10 })];
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }]);
    expect((await shop.pay(orderId, userId)).status).toBe(200);
    expect(await shop.pay(orderId, userId)).toMatchObject({ status: 409, error: 'ORDER_ALREADY_PAID' });
    expect([await shop.balanceOf(userId), await shop.stockOf(productId)]).toEqual([9000, 9]);
  });

  it('leaves everything as it was when balance or stock do not suffice', async () => {
    const [userId, ample, scarce] = [await shop.user(1999), await shop.product(), await shop.product({ stock: 1 })];
    const both = [ample, scarce].map((productId) => ({ productId, quantity: 1 }));
    const tooDear = await shop.order(userId, both);
    expect(await shop.pay(tooDear, userId)).toMatchObject({ status: 409, error: 'INSUFFICIENT_BALANCE' });

    const tooMany = await shop.order(userId, [
      { productId: ample, quantity: 1 },
      { productId: scarce, quantity: 2 },
    ]);
    await shop.charge(userId, { amount: 8001 });
    expect(await shop.pay(tooMany, userId)).toMatchObject({
      status: 409,
      error: 'OUT_OF_STOCK',
      body: { productId: scarce },
    });
    expect([await shop.balanceOf(userId), await shop.stockOf(ample), await shop.stockOf(scarce)]).toEqual([
      10_000, 1_000_000, 1,
    ]);
    expect(await shop.orderCounts(userId)).toEqual({ PENDING: 2 });

    expect((await shop.pay(tooDear, userId)).status).toBe(200);
  });

  it('is refused when another order has used the coupon, and that order stays PENDING', async () => {
    const [userId, productId] = [await shop.user(10_000), await shop.product({ stock: 10 })];
    const couponId = await shop.coupon(userId, { discountAmount: 500 });
    const items = [{ productId, quantity: 1 }];
    const [first, second] = [await shop.order(userId, items, couponId), await shop.order(userId, items, couponId)];
    expect((await shop.pay(second, userId)).status).toBe(200);
    expect(await shop.pay(first, userId)).toMatchObject({ status: 409, error: 'COUPON_NOT_USABLE' });
    expect((await shop.showOrder(first)).body).toMatchObject({ status: 'PENDING', paidAt: null });
    expect([await shop.balanceOf(userId), await shop.stockOf(productId)]).toEqual([9500, 9]);
  });

  it('does not wait for the row of its coupon, which a drop may be updating all the time', async () => {
    const [userId, productId] = [await shop.user(10_000), await shop.product()];
    const couponId = await shop.coupon(userId, { discountAmount: 500 });
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }], couponId);
    const drop = (await openDataSource()).createQueryRunner();
    await drop.startTransaction();
    await drop.query('UPDATE coupons SET issued_quantity = issued_quantity + 1 WHERE id = ?', [couponId]);
    try {
      expect((await shop.pay(orderId, userId)).status).toBe(200);
    } finally {
      await drop.rollbackTransaction();
      await drop.release();
    }
  });

  it('is refused when the coupon has expired since', async () => {
    const [userId, productId] = [await shop.user(10_000), await shop.product()];
    const couponId = await shop.coupon(userId);
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }], couponId);
    const past = new Date(Date.now() - 1000).toISOString();
    const ended = { expiresAt: past, usableUntil: past, applyToIssued: true };
    expect(await shop.api.patchCoupon(couponId, ended)).toMatchObject({ status: 200, body: { appliedToIssued: 1 } });
    const body = { reason: 'EXPIRED' };
    expect(await shop.pay(orderId, userId)).toMatchObject({ status: 409, error: 'COUPON_NOT_USABLE', body });
    expect(await shop.balanceOf(userId)).toBe(10_000);
  });

  it('of another user’s order, or of none, is 404', async () => {
    const [owner, other, productId] = [await shop.user(5000), await shop.user(5000), await shop.product()];
    const orderId = await shop.order(owner, [{ productId, quantity: 1 }]);
    for (const id of [orderId, NOBODYS_ORDER]) {
      expect(await shop.pay(id, other)).toMatchObject({ status: 404, error: 'ORDER_NOT_FOUND' });
    }
    expect((await shop.pay(orderId, owner)).status).toBe(200);
    expect(await shop.pay(orderId, other)).toMatchObject({ status: 404, error: 'ORDER_NOT_FOUND' });
    expect([await shop.balanceOf(owner), await shop.balanceOf(other)]).toEqual([4000, 5000]);
  });
});
