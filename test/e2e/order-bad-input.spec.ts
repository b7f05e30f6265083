import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, ApiClient } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { BAD_ID_TEXTS, BAD_IDS } from '../support/bad-ids.js';
import { openDatabase } from '../support/database.js';
import { Shop } from '../support/shop.js';

/** Every way to order, pay and charge wrongly; afterwards everything is as it was. */

interface Problem {
  errors?: Array<{ path: string; message: string }>;
}

let url: string;
let shop: Shop;
let userId: number;
let productId: number;
let orderId: number;
let before: unknown;

beforeAll(async () => {
  url = (await startApp({ waitFor: '/health/ready' })).url;
  shop = new Shop(new ApiClient(url), openDatabase());
  [userId, productId] = [await shop.user(100_000), await shop.product({ stock: 2_000_000 })];
  orderId = await shop.order(userId, [{ productId, quantity: 1 }]);
  before = await everything();
});

afterEach(async () => {
  expect(await everything()).toEqual(before);
});

async function everything(): Promise<unknown> {
  return {
    balance: await shop.balanceOf(userId),
    stock: await shop.stockOf(productId),
    orders: await shop.database.rows('SELECT * FROM orders WHERE user_id = ?', [userId]),
    keys: await shop.database.rows('SELECT * FROM idempotency_keys WHERE owner_id = ?', [userId]),
  };
}

function invalid({ status, error, body }: Answer<Problem>, path: string): void {
  expect({ status, error }).toEqual({ status: 400, error: 'VALIDATION_FAILED' });
  expect(body.errors?.map((issue) => issue.path)).toContain(path);
}

/** Sends JSON text as it stands; the client would round its numbers. */
async function postText(path: string, text: string): Promise<Answer<Problem>> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url + path, { method: 'POST', headers, body: text });
  const body: Problem & { code: string } = JSON.parse(await response.text());
  return { status: response.status, headers: response.headers, body, error: body.code };
}

describe('an order', () => {
  it.each<[string, string]>([
    ['items.0.quantity', '0'],
    ['items.0.quantity', '-1'],
    ['items.0.quantity', '1.5'],
    ['items.0.quantity', '1000000'],
    ['items.0.quantity', '10001'],
    ['items.0.quantity', '1e300'],
    ['items.0.quantity', '"1"'],
    ['items.0.quantity', 'null'],
    ['items.0.quantity', 'true'],
  ])('is refused when %s is %s', async (path, quantity) => {
    const item = `{"productId":${productId},"quantity":${quantity}}`;
    invalid(await postText('/api/orders', `{"userId":${userId},"items":[${item}]}`), path);
  });

  it.each<[string, object]>([
    ['items', { items: [] }],
    ['items', { items: null }],
    ['items', { items: undefined }],
    ['items', { items: {} }],
    ['items', { items: Array.from({ length: 101 }, () => ({ productId: 1, quantity: 1 })) }],
    ['items.0', { items: [7] }],
    ['items.0.quantity', { items: [{ productId: 1 }] }],
    ['items.0.productId', { items: [{ quantity: 1 }] }],
    ['items.0.price', { items: [{ productId: 1, quantity: 1, price: 1 }] }],
    [
      'items.1.quantity',
      {
        items: [
          { productId: 1, quantity: 10_000 },
          { productId: 1, quantity: 1 },
        ],
      },
    ],
    ['userId', { userId: undefined }],
    ['couponId', { couponId: '42' }],
    ['couponId', { couponId: 0 }],
    ['status', { status: 'PAID' }],
    ['totalAmount', { totalAmount: 0 }],
  ])('is refused when %s is wrong: %j', async (path, change) => {
    invalid(
      await shop.api.call('/api/orders', {
        method: 'POST',
        body: { userId, items: [{ productId, quantity: 1 }], ...change },
      }),
      path,
    );
  });

  it('is refused when an id is none', async () => {
    for (const id of BAD_IDS) {
      const item = `{"productId":${productId},"quantity":1}`;
      invalid(await postText('/api/orders', `{"userId":${id},"items":[${item}]}`), 'userId');
      const items = `[{"productId":${id},"quantity":1}]`;
      invalid(await postText('/api/orders', `{"userId":${userId},"items":${items}}`), 'items.0.productId');
    }
  });

  it('is refused when it costs more than can be counted', async () => {
    const dear = await shop.product({ price: 2 ** 53 - 1 });
    const items = [dear, productId].map((id) => ({ productId: id, quantity: 1 }));
    invalid(await shop.api.call('/api/orders', { method: 'POST', body: { userId, items } }), 'items');
  });

  it('is not found by what is no id', async () => {
    for (const id of BAD_ID_TEXTS) {
      invalid(await shop.api.call(`/api/orders/${id}`), 'orderId');
      invalid(await shop.api.call(`/api/orders/${orderId}?userId=${id}`), 'userId');
    }
  });
});

describe('a payment', () => {
  it('is refused when an id is none, and with fields that it does not have', async () => {
    for (const id of BAD_IDS) invalid(await postText(`/api/orders/${orderId}/payment`, `{"userId":${id}}`), 'userId');
    for (const id of BAD_ID_TEXTS)
      invalid(await postText(`/api/orders/${id}/payment`, `{"userId":${userId}}`), 'orderId');
    invalid(await postText(`/api/orders/${orderId}/payment`, '{}'), 'userId');
    invalid(await postText(`/api/orders/${orderId}/payment`, `{"userId":${userId},"amount":1}`), 'amount');
  });
});

describe('a cancellation', () => {
  it('is refused when an id is none, and with fields that it does not have', async () => {
    const path = `/api/orders/${orderId}/cancel`;
    for (const id of BAD_IDS) invalid(await postText(path, `{"userId":${id}}`), 'userId');
    for (const id of BAD_ID_TEXTS)
      invalid(await postText(`/api/orders/${id}/cancel`, `{"userId":${userId}}`), 'orderId');
    invalid(await postText(path, '{}'), 'userId');
    invalid(await postText(path, `{"userId":${userId},"reason":"no"}`), 'reason');
    invalid(await postText(path, `{"userId":${userId},"idempotencyKey":""}`), 'idempotencyKey');
  });
});

describe('a charge', () => {
  it.each(['0', '-1', '0.5', '1000000000001', '1e300', '"100"', 'null', 'true', '[1]'])(
    'of %s is refused',
    async (amount) => {
      invalid(await postText(`/api/users/${userId}/balance/charge`, `{"amount":${amount}}`), 'amount');
    },
  );

  it('is refused without an amount, with fields that it does not have, and for what is no id', async () => {
    invalid(await postText(`/api/users/${userId}/balance/charge`, '{}'), 'amount');
    invalid(await postText(`/api/users/${userId}/balance/charge`, '{"amount":1,"balance":5}'), 'balance');
    for (const id of BAD_ID_TEXTS) invalid(await postText(`/api/users/${id}/balance/charge`, '{"amount":1}'), 'userId');
  });
});

describe('what is shown', () => {
  it('is found by ids only', async () => {
    for (const id of BAD_ID_TEXTS) {
      invalid(await shop.api.call(`/api/users/${id}`), 'userId');
      invalid(await shop.api.call(`/api/users/${id}/balance`), 'userId');
      invalid(await shop.api.call(`/api/products/${id}`), 'productId');
      invalid(await shop.api.call(`/api/orders?userId=${id}`), 'userId');
    }
    invalid(await shop.api.call('/api/orders'), 'userId');
  });

  it.each(['/api/products?', '/api/orders?userId=7&'])('in a list has limits and cursors: %s', async (path) => {
    for (const limit of ['0', '-1', '101', '1.5', 'many', '', '1&limit=2']) {
      invalid(await shop.api.call(`${path}limit=${limit}`), 'limit');
    }
    for (const cursor of ['nonsense', '!!!', 'bnVsbA', 'LTE', 'IjQyIg', 'e30', 'W10', '9'.repeat(600)]) {
      invalid(await shop.api.call(`${path}cursor=${cursor}`), 'cursor');
    }
  });

  it('of orders has five states', async () => {
    for (const status of ['paid', 'CANCELED', '', 'PAID&status=PENDING']) {
      invalid(await shop.api.call(`/api/orders?userId=${userId}&status=${status}`), 'status');
    }
  });
});

describe('a body', () => {
  it.each([
    '/api/orders',
    '/api/orders/:orderId/payment',
    '/api/orders/:orderId/cancel',
    '/api/users/:userId/balance/charge',
  ])('of %s is a JSON object of at most 64 KiB', async (template) => {
    const path = template.replace(':orderId', String(orderId)).replace(':userId', String(userId));
    invalid(await shop.api.call(path, { method: 'POST' }), 'body');
    for (const text of ['null', '[]', '"text"', '7']) {
      expect(await postText(path, text)).toMatchObject({ status: 400, error: 'VALIDATION_FAILED' });
    }
    for (const text of ['{', '{"userId":7', 'userId=7']) {
      expect(await postText(path, text)).toMatchObject({ status: 400, error: 'MALFORMED_JSON' });
    }
    const long = JSON.stringify({ userId, idempotencyKey: 'x'.repeat(70_000) });
    expect(await postText(path, long)).toMatchObject({ status: 413, error: 'BODY_TOO_LARGE' });
    const asText = await fetch(url + path, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' });
    expect(asText.status).toBe(415);
  });
});
