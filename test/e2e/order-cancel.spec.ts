import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultPoint } from '../../src/platform/fault-points.js';
import { ApiClient } from '../support/api-client.js';
import { PATIENT, type AppProcess, startApp } from '../support/app-process.js';
import { openDatabase } from '../support/database.js';
import { eventually } from '../support/poll.js';
import { Shop } from '../support/shop.js';
import { time } from '../support/times.js';

/** How orders end before their time: cancelled while they are not paid, and refunded afterwards. */

const DAY_MS = 86_400_000;
const REFUND_DAYS = 7;
const KEY = 'cancel-once';
const NOBODYS_ORDER = Number.MAX_SAFE_INTEGER;

let app: AppProcess;
let shop: Shop;

beforeAll(async () => {
  app = await startApp({ env: { ...PATIENT, ORDER_EXPIRY_INTERVAL_MS: '200' }, waitFor: '/health/ready' });
  shop = new Shop(new ApiClient(app.url), openDatabase());
});

/** A user with 10,000 won who has a coupon of 1,000 won, and a PENDING order over 2 of 10 pieces at 3,000 won with it. */
async function buyer() {
  const [userId, productId] = [await shop.user(10_000), await shop.product({ price: 3000, stock: 10 })];
  const couponId = await shop.coupon(userId, { discountAmount: 1000 });
  const orderId = await shop.order(userId, [{ productId, quantity: 2 }], couponId);
  return { userId, productId, couponId, orderId };
}

type Buyer = Awaited<ReturnType<typeof buyer>>;

/** As above, and the order is paid. */
async function paidBuyer(): Promise<Buyer & { paidAt: string }> {
  const bought = await buyer();
  const { status, body } = await shop.pay(bought.orderId, bought.userId);
  expect({ status, body }).toMatchObject({ status: 200, body: { remainingBalance: 5000 } });
  return { ...bought, paidAt: body.paidAt };
}

/** What there is of a buyer: money, pieces, and the states of order and user coupon. */
async function stateOf({ userId, productId, orderId }: Buyer) {
  const coupons = (await shop.api.call<{ coupons: Array<{ status: string }> }>(`/api/users/${userId}/coupons`)).body;
  return [
    await shop.balanceOf(userId),
    await shop.stockOf(productId),
    (await shop.showOrder(orderId)).body.status,
    coupons.coupons[0]?.status,
  ];
}

const UNPAID = [10_000, 10, 'PENDING', 'AVAILABLE'];
const PAID = [5000, 8, 'PAID', 'USED'];
const CANCELLED = [10_000, 10, 'CANCELLED', 'AVAILABLE'];
const REFUNDED = [10_000, 10, 'REFUNDED', 'AVAILABLE'];

describe('an order that is not paid', () => {
  it('is CANCELLED, cannot be paid any more, and cannot be cancelled again', async () => {
    const bought = await buyer();
    const { orderId, userId } = bought;
    const before = (await shop.showOrder(orderId)).body;
    const { status, body } = await shop.cancel(orderId, userId);
    expect(status).toBe(200);
    expect(body).toEqual({ ...before, status: 'CANCELLED', cancelledAt: time, remainingBalance: 10_000 });
    const { remainingBalance: _remaining, ...order } = body;
    expect((await shop.showOrder(orderId)).body).toEqual(order);
    expect(await stateOf(bought)).toEqual(CANCELLED);

    const refusal = { status: 409, body: { orderId, orderStatus: 'CANCELLED' } };
    expect(await shop.pay(orderId, userId)).toMatchObject({ ...refusal, error: 'ORDER_NOT_PAYABLE' });
    expect(await shop.cancel(orderId, userId)).toMatchObject({ ...refusal, error: 'ORDER_NOT_CANCELLABLE' });
    expect(await stateOf(bought)).toEqual(CANCELLED);
  });

  it('expires after half an hour, and then it is neither paid nor cancelled', async () => {
    const bought = await buyer();
    const { orderId, userId } = bought;
    const longAgo = new Date(Date.now() - 30 * 60_000 - 1000);
    await shop.database.change('UPDATE orders SET created_at = ? WHERE id = ?', [longAgo, orderId]);
    await eventually(async () => expect((await shop.showOrder(orderId)).body.status).toBe('EXPIRED'));
    // Other files may have left old orders of theirs.
    expect(await app.metric('firstcome_orders_expired_total')).toBeGreaterThan(0);
    expect(await shop.pay(orderId, userId)).toMatchObject({ status: 409, error: 'ORDER_EXPIRED', body: { orderId } });
    expect(await shop.cancel(orderId, userId)).toMatchObject({
      status: 409,
      error: 'ORDER_NOT_CANCELLABLE',
      body: { orderId, orderStatus: 'EXPIRED' },
    });
    expect(await stateOf(bought)).toEqual([10_000, 10, 'EXPIRED', 'AVAILABLE']);
  });
});

describe('an order that is paid', () => {
  it('is REFUNDED: balance, stock and coupon are back, and it is neither paid nor cancelled again', async () => {
    const bought = await paidBuyer();
    const { orderId, userId, paidAt, couponId, productId } = bought;
    const before = (await shop.showOrder(orderId)).body;
    const { status, body } = await shop.cancel(orderId, userId);
    expect(status).toBe(200);
    const refund = { status: 'REFUNDED', refundedAt: time, refundedAmount: 5000, paidAt, cancelledAt: null };
    expect(body).toEqual({ ...before, ...refund, remainingBalance: 10_000 });
    expect((await shop.showOrder(orderId)).body).toEqual({ ...before, ...refund, refundedAt: body.refundedAt });
    expect(await stateOf(bought)).toEqual(REFUNDED);

    const refusal = { status: 409, body: { orderId, orderStatus: 'REFUNDED' } };
    expect(await shop.pay(orderId, userId)).toMatchObject({ ...refusal, error: 'ORDER_NOT_PAYABLE' });
    expect(await shop.cancel(orderId, userId)).toMatchObject({ ...refusal, error: 'ORDER_NOT_CANCELLABLE' });
    expect(await stateOf(bought)).toEqual(REFUNDED);

    // And the coupon pays another order.
    const next = await shop.order(userId, [{ productId, quantity: 2 }], couponId);
    expect(await shop.pay(next, userId)).toMatchObject({ status: 200, body: { paidAmount: 5000 } });
  });

  it('for nothing gives nothing back but the pieces and the coupon', async () => {
    const [userId, productId] = [await shop.user(), await shop.product({ stock: 10 })];
    const couponId = await shop.coupon(userId, { discountRate: 100 });
    const orderId = await shop.order(userId, [{ productId, quantity: 3 }], couponId);
    expect((await shop.pay(orderId, userId)).status).toBe(200);
    expect(await shop.cancel(orderId, userId)).toMatchObject({
      status: 200,
      body: { status: 'REFUNDED', refundedAmount: 0, remainingBalance: 0 },
    });
    expect(await stateOf({ userId, productId, orderId, couponId })).toEqual([0, 10, 'REFUNDED', 'AVAILABLE']);
  });

  it('is refunded until its refund period is over', async () => {
    const [inTime, late] = [await paidBuyer(), await paidBuyer()];
    const paidAgo = (orderId: number, ms: number) =>
      shop.database.change('UPDATE orders SET paid_at = ? WHERE id = ?', [new Date(Date.now() - ms), orderId]);
    // The period ends a minute from now, and has ended a second ago.
    await paidAgo(inTime.orderId, REFUND_DAYS * DAY_MS - 60_000);
    await paidAgo(late.orderId, REFUND_DAYS * DAY_MS + 1000);
    const { paidAt } = (await shop.showOrder(late.orderId)).body;

    expect((await shop.cancel(inTime.orderId, inTime.userId)).status).toBe(200);
    expect(await stateOf(inTime)).toEqual(REFUNDED);
    expect(await shop.cancel(late.orderId, late.userId)).toMatchObject({
      status: 409,
      error: 'REFUND_PERIOD_OVER',
      body: {
        orderId: late.orderId,
        refundableUntil: new Date(Date.parse(paidAt ?? '') + REFUND_DAYS * DAY_MS).toISOString(),
      },
    });
    expect(await stateOf(late)).toEqual(PAID);
    expect(await shop.pay(late.orderId, late.userId)).toMatchObject({ status: 409, error: 'ORDER_ALREADY_PAID' });
  });

  it('stays PAID while the balance has no room for the refund', async () => {
    const bought = await paidBuyer();
    const { orderId, userId } = bought;
    const full = Number.MAX_SAFE_INTEGER - 4999;
    await shop.database.change('UPDATE users SET balance = ? WHERE id = ?', [full, userId]);
    const refusal = { userId, amount: 5000, maxBalance: Number.MAX_SAFE_INTEGER };
    expect(await shop.cancel(orderId, userId)).toMatchObject({ status: 409, error: 'BALANCE_FULL', body: refusal });
    expect(await stateOf(bought)).toEqual([full, ...PAID.slice(1)]);
    await shop.database.change('UPDATE users SET balance = balance - 1 WHERE id = ?', [userId]);
    const remainingBalance = Number.MAX_SAFE_INTEGER;
    expect(await shop.cancel(orderId, userId)).toMatchObject({ status: 200, body: { remainingBalance } });
  });

  it('is refunded in full, whatever has become of its products', async () => {
    const bought = await paidBuyer();
    const { orderId, userId, productId } = bought;
    await shop.database.change('UPDATE products SET stock = ?, price = 1 WHERE id = ?', [
      Number.MAX_SAFE_INTEGER - 1,
      productId,
    ]);
    expect((await shop.cancel(orderId, userId)).status).toBe(200);
    expect(await stateOf(bought)).toEqual([10_000, Number.MAX_SAFE_INTEGER, 'REFUNDED', 'AVAILABLE']);
  });
});

describe('an order of somebody else, or of nobody', () => {
  it('is not found, whatever its state', async () => {
    const [unpaid, paid, other] = [await buyer(), await paidBuyer(), await shop.user()];
    for (const orderId of [unpaid.orderId, paid.orderId, NOBODYS_ORDER]) {
      expect(await shop.cancel(orderId, other)).toMatchObject({ status: 404, error: 'ORDER_NOT_FOUND' });
    }
    expect([await stateOf(unpaid), await stateOf(paid)]).toEqual([UNPAID, PAID]);
  });
});

describe('the orders of a user', () => {
  it('are listed by each of the five states', async () => {
    const bought = await paidBuyer();
    const { userId, productId, orderId: paid } = bought;
    await shop.charge(userId, { amount: 10_000 });
    const more = () => shop.order(userId, [{ productId, quantity: 1 }]);
    const [pending, cancelled, refunded, expired] = [await more(), await more(), await more(), await more()];
    expect((await shop.cancel(cancelled, userId)).status).toBe(200);
    expect((await shop.pay(refunded, userId)).status).toBe(200);
    expect((await shop.cancel(refunded, userId)).status).toBe(200);
    await shop.database.change("UPDATE orders SET status = 'EXPIRED' WHERE id = ?", [expired]);
    const byStatus = { PENDING: pending, PAID: paid, CANCELLED: cancelled, REFUNDED: refunded, EXPIRED: expired };
    for (const [status, orderId] of Object.entries(byStatus)) {
      const { body } = await shop.api.call(`/api/orders?userId=${userId}&status=${status}`);
      expect(body).toMatchObject({ orders: [{ orderId, status }], nextCursor: null });
    }
  });
});

describe('the same cancellation again', () => {
  it('has one effect and the same answer, also when the key comes in the header', async () => {
    const bought = await paidBuyer();
    const { orderId, userId, productId } = bought;
    const first = await shop.cancel(orderId, userId, KEY);
    expect(first.status).toBe(200);
    await shop.charge(userId, { amount: 1 });
    const again = await shop.cancel(orderId, userId, KEY);
    expect([again.status, again.body]).toEqual([200, first.body]);
    const headers = { 'Idempotency-Key': KEY };
    const path = `/api/orders/${orderId}/cancel`;
    expect(await shop.api.call(path, { method: 'POST', body: { userId }, headers })).toMatchObject({
      status: 200,
      body: first.body,
    });
    expect(await shop.balanceOf(userId)).toBe(10_001);

    const other = await shop.order(userId, [{ productId, quantity: 1 }]);
    expect(await shop.cancel(other, userId, KEY)).toMatchObject({ status: 422, error: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('that was refused stores nothing: the key may be used again', async () => {
    const bought = await paidBuyer();
    const { orderId, userId } = bought;
    await shop.database.change('UPDATE users SET balance = ? WHERE id = ?', [Number.MAX_SAFE_INTEGER, userId]);
    expect(await shop.cancel(orderId, userId, KEY)).toMatchObject({ status: 409, error: 'BALANCE_FULL' });
    await shop.database.change('UPDATE users SET balance = 5000 WHERE id = ?', [userId]);
    expect((await shop.cancel(orderId, userId, KEY)).status).toBe(200);
    expect(await stateOf(bought)).toEqual(REFUNDED);
  });
});

/** Cancels in a process of its own that dies at the fault point. */
async function cancelAndCrash(faultPoint: FaultPoint): Promise<Buyer> {
  const bought = await paidBuyer();
  const crashed = await startApp({ env: { FAULT_POINT: faultPoint }, waitFor: '/health/ready' });
  const crashing = new Shop(new ApiClient(crashed.url), shop.database);
  expect((await crashing.cancel(bought.orderId, bought.userId, KEY)).status).toBe(0);
  expect((await crashed.exited).signal).toBe('SIGKILL');
  return bought;
}

describe('a crash', () => {
  it('inside the refund leaves nothing of it, not even the key', async () => {
    const bought = await cancelAndCrash('inside-cancellation');
    expect(await stateOf(bought)).toEqual(PAID);
    // The server ends the transaction when it notices that the connection is gone, and until then its rows are locked.
    await eventually(async () => expect((await shop.cancel(bought.orderId, bought.userId, KEY)).status).toBe(200));
    expect(await stateOf(bought)).toEqual(REFUNDED);
  });

  it('after the commit leaves all of it, so that the same request is answered', async () => {
    const bought = await cancelAndCrash('after-cancellation');
    expect(await stateOf(bought)).toEqual(REFUNDED);
    expect(await shop.cancel(bought.orderId, bought.userId, KEY)).toMatchObject({
      status: 200,
      body: { status: 'REFUNDED', refundedAmount: 5000, remainingBalance: 10_000 },
    });
    expect(await stateOf(bought)).toEqual(REFUNDED);
  });
});
