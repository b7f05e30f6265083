import { beforeAll, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { PATIENT, startApp } from '../support/app-process.js';
import { openDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { Shop } from '../support/shop.js';
import { newUserId } from '../support/unique-ids.js';

/** Payments, refunds and revocations of the same user coupons, all at once. */

const USERS = 200;
const BALANCE = 10_000;
const PRICE = 5_000;
const DISCOUNT = 1_000;
const STOCK = 1_000_000;

let shop: Shop;

beforeAll(async () => {
  shop = new Shop(new ApiClient((await startApp({ env: PATIENT, waitFor: '/health/ready' })).url), openDatabase());
});

interface Customer {
  readonly userId: number;
  readonly orderId: number;
}

it('200 users spend, cancel and are revoked at once: each user coupon ends in one state, money and stock exact', async () => {
  const { api, database } = shop;
  const { couponId } = await api.createCoupon({ discountAmount: DISCOUNT, totalQuantity: USERS });
  const productId = await shop.product({ price: PRICE, stock: STOCK });
  const numbers = Array.from({ length: USERS }, (_, index) => index);
  const customers = await inParallel(
    numbers,
    async (): Promise<Customer> => {
      const userId = await shop.user(BALANCE);
      expect((await api.issue(couponId, userId)).status).toBe(200);
      return { userId, orderId: await shop.order(userId, [{ productId, quantity: 1 }], couponId) };
    },
    10,
  );

  const revoke = async (users: readonly Customer[]) => {
    const { status, body } = await api.call<{ revoked: number; used: number; slotsReturned: number }>(
      `/api/coupons/${couponId}/revocations`,
      {
        method: 'POST',
        body: { userIds: users.map(({ userId }) => userId), reason: 'A test', returnSlots: true },
        isAdmin: true,
      },
    );
    expect({ status, body }).toMatchObject({ status: 200, body: { remaining: 0, notIssued: 0 } });
    return body.slotsReturned;
  };
  const slots = Promise.all(
    [0, 1, 2, 3].map((quarter) => revoke(customers.filter((_, index) => index % 4 === quarter))),
  );
  const answers = await Promise.all(
    customers.flatMap(({ orderId, userId }) => [shop.pay(orderId, userId), shop.cancel(orderId, userId)]),
  );
  const returned = (await slots).reduce((sum, each) => sum + each, 0);
  expect(new Set(answers.map(({ status, error }) => error ?? String(status)))).not.toContain('INTERNAL_ERROR');
  for (const { status, error } of answers) {
    expect([200, 409]).toContain(status);
    if (status === 409) expect(error).toMatch(/^(COUPON_NOT_USABLE|ORDER_NOT_PAYABLE|ORDER_NOT_CANCELLABLE)$/);
  }

  // What one says the others say as well: the order, the balance, the user coupon.
  const rows = await database.rows<{
    status: string;
    balance: number;
    isUsed: number;
    isRevoked: number;
    back: number;
  }>(
    `SELECT orders.status, users.balance, held.used_at IS NOT NULL AS isUsed, held.revoked_at IS NOT NULL AS isRevoked,
            held.slot_returned AS back
       FROM orders JOIN users ON users.id = orders.user_id
       JOIN user_coupons held ON held.user_id = users.id AND held.coupon_id = ?
      WHERE orders.user_id IN (?)`,
    [couponId, customers.map(({ userId }) => userId)],
  );
  expect(rows).toHaveLength(USERS);
  const paid = rows.filter(({ status }) => status === 'PAID');
  for (const row of rows) {
    expect(['PAID', 'CANCELLED', 'REFUNDED']).toContain(row.status);
    const isPaid = row.status === 'PAID';
    expect(row).toMatchObject({ balance: isPaid ? BALANCE - PRICE + DISCOUNT : BALANCE, isUsed: Number(isPaid) });
    // Everybody was revoked once; a slot comes back of those whose user coupon was not used at that moment.
    expect(row.isRevoked).toBe(1);
  }
  expect(await shop.stockOf(productId)).toBe(STOCK - paid.length);
  expect(rows.filter(({ back }) => back === 1)).toHaveLength(returned);
  expect((await api.coupon(couponId)).body).toMatchObject({
    issuedQuantity: USERS,
    returnedQuantity: returned,
    remainingQuantity: returned,
  });
  const entries = await database.row<{ wrong: number }>(
    `SELECT COUNT(*) AS wrong FROM users
      WHERE id IN (?) AND balance <> ? + (SELECT COALESCE(SUM(amount), 0) FROM balance_entries WHERE user_id = users.id)`,
    [customers.map(({ userId }) => userId), BALANCE],
  );
  expect(entries).toEqual({ wrong: 0 });
  expect((await api.audit(couponId)).body).toMatchObject({ consistent: true, violations: [] });

  // Exactly the slots that came back are there for others.
  const others = await Promise.all(Array.from({ length: returned + 5 }, () => api.reserve(couponId, newUserId())));
  expect(others.filter(({ status }) => status === 200)).toHaveLength(returned);
  expect(others.filter(({ error }) => error === 'COUPON_SOLD_OUT')).toHaveLength(5);
});
