import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultPoint } from '../../src/platform/fault-points.js';
import { type Answer, ApiClient } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { openDatabase, testDatabaseUrl } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { holdRowLock } from '../support/row-lock.js';
import { Shop } from '../support/shop.js';

/** The same request twice under one idempotency key: one effect, and the same answer. */

const KEY = 'a key, 열쇠 and 🔑';
const HEADER = 'Idempotency-Key';

let shop: Shop;

beforeAll(async () => {
  shop = new Shop(new ApiClient((await startApp({ waitFor: '/health/ready' })).url), openDatabase());
});

/** A user with a PENDING order of 1000 won and what else a test may ask for. */
async function buyer(balance = 10_000) {
  const [userId, productId] = [await shop.user(balance), await shop.product()];
  const items = [{ productId, quantity: 1 }];
  return { userId, productId, items, orderId: await shop.order(userId, items) };
}

/** Pays in a process of its own that dies at the fault point. */
async function payAndCrash(faultPoint: FaultPoint) {
  const { userId, orderId, productId } = await buyer();
  const app = await startApp({ env: { FAULT_POINT: faultPoint }, waitFor: '/health/ready' });
  const crashed = await new Shop(new ApiClient(app.url), shop.database).pay(orderId, userId, KEY);
  expect(crashed.status).toBe(0);
  expect((await app.exited).signal).toBe('SIGKILL');
  return { userId, orderId, productId };
}

function expectSame(first: Answer<object>, again: Answer<object>): void {
  expect(again.status).toBe(first.status);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('location')).toBe(first.headers.get('location'));
}

describe('the same request again', () => {
  it('charges once', async () => {
    const userId = await shop.user(500);
    const first = await shop.charge(userId, { amount: 1000, idempotencyKey: KEY });
    expect(first).toMatchObject({ status: 200, body: { balance: 1500 } });
    await shop.charge(userId, { amount: 1 });
    expectSame(first, await shop.charge(userId, { amount: 1000, idempotencyKey: KEY }));
    expect(await shop.balanceOf(userId)).toBe(1501);
  });

  it('creates one order, and shows it as it was', async () => {
    const { userId, items } = await buyer();
    const first = await shop.placeOrder({ userId, items, idempotencyKey: KEY });
    expect(first.status).toBe(201);
    await shop.pay(first.body.orderId, userId);
    expectSame(first, await shop.placeOrder({ userId, items, couponId: null, idempotencyKey: KEY }));
    expect(await shop.orderCounts(userId)).toEqual({ PENDING: 1, PAID: 1 });
  });

  it('pays once', async () => {
    const { userId, orderId, productId } = await buyer();
    const first = await shop.pay(orderId, userId, KEY);
    expect(first).toMatchObject({ status: 200, body: { remainingBalance: 9000 } });
    expectSame(first, await shop.pay(orderId, userId, KEY));
    expect([await shop.balanceOf(userId), await shop.stockOf(productId)]).toEqual([9000, 999_999]);
  });

  it('is another one without the key, or with another', async () => {
    const userId = await shop.user();
    for (const idempotencyKey of [undefined, undefined, 'k', 'K', 'ｋ', 'ḱ']) {
      expect((await shop.charge(userId, { amount: 1, idempotencyKey })).status).toBe(200);
    }
    expect(await shop.balanceOf(userId)).toBe(6);
  });

  it('of another user, or for another call, has a key of its own', async () => {
    const [one, other] = [await buyer(), await buyer()];
    for (const { userId, items, orderId } of [one, other]) {
      expect((await shop.charge(userId, { amount: 5, idempotencyKey: KEY })).status).toBe(200);
      expect((await shop.placeOrder({ userId, items, idempotencyKey: KEY })).status).toBe(201);
      expect((await shop.pay(orderId, userId, KEY)).status).toBe(200);
      expect(await shop.balanceOf(userId)).toBe(9005);
    }
  });

  it('may be tried again after a refusal, which is not stored', async () => {
    const { userId, orderId } = await buyer(0);
    expect(await shop.pay(orderId, userId, KEY)).toMatchObject({ status: 409, error: 'INSUFFICIENT_BALANCE' });
    await shop.charge(userId, { amount: 1000 });
    expect((await shop.pay(orderId, userId, KEY)).status).toBe(200);
  });

  it('replays an order of a hundred items with the longest names', async () => {
    const userId = await shop.user();
    const products = await inParallel(Array.from({ length: 100 }), () => shop.product(), 10);
    await shop.database.change('UPDATE products SET name = ? WHERE id IN (?)', ['🎁'.repeat(255), products]);
    const body = { userId, items: products.map((productId) => ({ productId, quantity: 1 })), idempotencyKey: KEY };
    const first = await shop.placeOrder(body);
    expect(first.status).toBe(201);
    expectSame(first, await shop.placeOrder(body));
  });
});

describe('another request with the same key', () => {
  it('is 422, and changes nothing', async () => {
    const { userId, items, orderId } = await buyer();
    const second = await shop.order(userId, items);
    await shop.charge(userId, { amount: 1000, idempotencyKey: KEY });
    await shop.placeOrder({ userId, items, idempotencyKey: KEY });
    await shop.pay(orderId, userId, KEY);
    const more = items.map((item) => ({ ...item, quantity: 2 }));
    const answers = [
      await shop.charge(userId, { amount: 1001, idempotencyKey: KEY }),
      await shop.placeOrder({ userId, items: more, idempotencyKey: KEY }),
      await shop.pay(second, userId, KEY),
    ];
    for (const answer of answers) expect(answer).toMatchObject({ status: 422, error: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await shop.balanceOf(userId)).toBe(10_000);
    expect(await shop.orderCounts(userId)).toEqual({ PAID: 1, PENDING: 2 });
  });
});

describe('the key', () => {
  it('may come in the header', async () => {
    const { userId, items, orderId } = await buyer();
    const header = { [HEADER]: 'in-the-header' };
    const first = await shop.charge(userId, { amount: 7 }, header);
    expectSame(first, await shop.charge(userId, { amount: 7 }, header));
    expectSame(first, await shop.charge(userId, { amount: 7, idempotencyKey: 'in-the-header' }, header));
    expectSame(first, await shop.charge(userId, { amount: 7, idempotencyKey: ' in-the-header ' }));
    const order = await shop.placeOrder({ userId, items }, header);
    expectSame(order, await shop.placeOrder({ userId, items }, header));
    const pay = () =>
      shop.api.call<object>(`/api/orders/${orderId}/payment`, { method: 'POST', body: { userId }, headers: header });
    expectSame(await pay(), await pay());
    expect(await shop.balanceOf(userId)).toBe(9007);
  });

  it('is refused when header and body differ, and when it is no key', async () => {
    const userId = await shop.user();
    const wrong: Array<[object, Record<string, string>?]> = [
      [{ idempotencyKey: 'one' }, { [HEADER]: 'other' }],
      [{}, { [HEADER]: '' }],
      [{}, { [HEADER]: 'x'.repeat(256) }],
      [{ idempotencyKey: '' }],
      [{ idempotencyKey: '  ' }],
      [{ idempotencyKey: 'x'.repeat(256) }],
      [{ idempotencyKey: 'a\nb' }],
      [{ idempotencyKey: '\u0000' }],
      [{ idempotencyKey: 7 }],
    ];
    for (const [body, headers] of wrong) {
      const answer = await shop.charge(userId, { amount: 1, ...body }, headers);
      expect(answer).toMatchObject({ status: 400, error: 'VALIDATION_FAILED' });
    }
    expect((await shop.charge(userId, { amount: 1, idempotencyKey: 'x'.repeat(255) })).status).toBe(200);
    expect(await shop.balanceOf(userId)).toBe(1);
  });
});

describe('the same request at once', () => {
  it('has one effect; whoever is not told the answer is told to wait', async () => {
    const { userId, orderId } = await buyer();
    const answers = await inParallel(Array.from({ length: 40 }), () => shop.pay(orderId, userId, KEY));
    const [first] = answers.filter(({ status }) => status === 200);
    for (const { status, body, error } of answers) {
      if (status === 200) expect(body).toEqual(first?.body);
      else expect({ status, error }).toEqual({ status: 409, error: 'IDEMPOTENCY_IN_PROGRESS' });
    }
    expect(await shop.balanceOf(userId)).toBe(9000);
    expect(await shop.pay(orderId, userId, KEY)).toMatchObject({ status: 200, body: first?.body });
  });

  it('is refused with its own code when all of them are refused, though none of them keeps the key', async () => {
    const { userId, orderId } = await buyer(0);
    const answers = await inParallel(Array.from({ length: 40 }), () => shop.pay(orderId, userId, KEY));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([409]));
    expect(answers.map(({ error }) => error)).toContain('INSUFFICIENT_BALANCE');
    await shop.charge(userId, { amount: 1000 });
    expect((await shop.pay(orderId, userId, KEY)).status).toBe(200);
  });

  it('is 409 while the first one is still running', async () => {
    const { userId, orderId } = await buyer();
    const giveBack = await holdRowLock(testDatabaseUrl(), 'users', userId);
    const first = shop.pay(orderId, userId, KEY);
    try {
      await eventually(async () => {
        expect(await shop.database.running(`UPDATE users SET balance%WHERE id = ${userId} AND%`)).toBe(1);
      });
      const answer = await shop.pay(orderId, userId, KEY);
      expect(answer).toMatchObject({ status: 409, error: 'IDEMPOTENCY_IN_PROGRESS' });
      expect(answer.headers.get('retry-after')).toBe('1');
    } finally {
      await giveBack();
    }
    expect((await first).status).toBe(200);
    expectSame(await first, await shop.pay(orderId, userId, KEY));
  });
});

describe('a crash', () => {
  it('inside the payment leaves nothing of it, not even the key', async () => {
    const { userId, orderId, productId } = await payAndCrash('inside-payment');
    // The server ends the transaction when it notices that the connection is gone, and until then the key is held.
    await eventually(async () => expect((await shop.pay(orderId, userId, KEY)).status).toBe(200));
    expect([await shop.balanceOf(userId), await shop.stockOf(productId)]).toEqual([9000, 999_999]);
  });

  it('after the commit leaves payment and key, so that the same request is answered', async () => {
    const { userId, orderId, productId } = await payAndCrash('after-payment');
    expect([await shop.balanceOf(userId), await shop.stockOf(productId)]).toEqual([9000, 999_999]);
    expect(await shop.pay(orderId, userId, KEY)).toMatchObject({ status: 200, body: { remainingBalance: 9000 } });
    expect(await shop.balanceOf(userId)).toBe(9000);
  });
});
