import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, tally } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { openDatabase } from '../support/database.js';
import { Shop } from '../support/shop.js';
import { time } from '../support/times.js';
import { newUserId } from '../support/unique-ids.js';

/** How users and products come into production: one by one, by an administrator. */

let shop: Shop;

beforeAll(async () => {
  shop = new Shop(new ApiClient((await startApp({ waitFor: '/health/ready' })).url), openDatabase());
});

async function put(path: string, body: unknown, isAdmin = true) {
  return await shop.api.call<Record<string, unknown>>(path, { method: 'PUT', body, isAdmin });
}

async function changeStock(productId: number, body: object) {
  return await shop.api.call<{ stock: number }>(`/api/products/${productId}/stock`, {
    method: 'POST',
    body,
    isAdmin: true,
  });
}

/** What the trace has of somebody or something, the oldest first. */
async function traceOf(subject: string) {
  const rows = await shop.database.rows<{ action: string; before: string; after: string; outcome: string }>(
    `SELECT action, before_state AS \`before\`, after_state AS after, outcome FROM admin_actions
      WHERE subject = ? ORDER BY id`,
    [subject],
  );
  return rows.map((row) => ({ ...row, before: JSON.parse(row.before), after: JSON.parse(row.after) }));
}

describe('PUT of a user', () => {
  it('registers them, so that they may reserve at once; again it changes them', async () => {
    const userId = newUserId();
    const { couponId } = await shop.api.createCoupon({ audience: 'registered' });
    expect(await shop.api.reserve(couponId, userId)).toMatchObject({ status: 404, error: 'USER_NOT_FOUND' });

    const created = await put(`/api/users/${userId}`, { name: ' 김지우 🎁 ', email: `${userId}@example.com` });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`/api/users/${userId}`);
    expect(created.body).toEqual({ userId, name: '김지우 🎁', email: `${userId}@example.com`, createdAt: time });
    expect((await shop.api.call(`/api/users/${userId}`)).body).toEqual(created.body);
    expect(await shop.api.reserve(couponId, userId)).toMatchObject({ status: 200 });

    const changed = await put(`/api/users/${userId}`, { name: '김지우 🎁' });
    expect(changed).toMatchObject({ status: 200, body: { ...created.body, email: null } });
    expect((await shop.api.call(`/api/users/${userId}`)).body).toEqual(changed.body);
    expect(await shop.balanceOf(userId)).toBe(0);
  });

  it('leaves the balance alone', async () => {
    const userId = await shop.user(5_000);
    expect(await put(`/api/users/${userId}`, { name: 'Another name' })).toMatchObject({ status: 200 });
    expect(await shop.balanceOf(userId)).toBe(5_000);
  });

  it('names in the trace what changed, and nothing of the person', async () => {
    const userId = newUserId();
    const email = `${userId}@example.com`;
    await put(`/api/users/${userId}`, { name: 'Somebody', email });
    await put(`/api/users/${userId}`, { name: 'Somebody else', email });
    await put(`/api/users/${userId}`, { name: 'Somebody else', email });
    expect(await traceOf(`users/${userId}`)).toEqual([
      { action: 'user.create', before: null, after: { changed: ['name', 'email'] }, outcome: 'DONE' },
      { action: 'user.change', before: null, after: { changed: ['name'] }, outcome: 'DONE' },
    ]);
  });

  it('refuses the e-mail of another user, until that one gives it up', async () => {
    const [one, other] = [newUserId(), newUserId()];
    const email = `${one}@example.com`;
    await put(`/api/users/${one}`, { name: 'One', email });
    expect(await put(`/api/users/${other}`, { name: 'Other', email })).toMatchObject({
      status: 400,
      error: 'VALIDATION_FAILED',
      body: { errors: [{ path: 'email', message: 'belongs to another user' }] },
    });
    expect(await shop.api.call(`/api/users/${other}`)).toMatchObject({ status: 404 });
    await put(`/api/users/${one}`, { name: 'One' });
    expect(await put(`/api/users/${other}`, { name: 'Other', email })).toMatchObject({ status: 201 });
  });

  it('gives an e-mail that many want at once to one of them', async () => {
    const email = `${newUserId()}@example.com`;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => put(`/api/users/${newUserId()}`, { name: 'Somebody', email })),
    );
    expect(tally(answers)).toEqual({ '201': 1, '400 VALIDATION_FAILED': 9 });
  });

  it('registers once, when it comes many times at once', async () => {
    const userId = newUserId();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => put(`/api/users/${userId}`, { name: 'Somebody' })),
    );
    expect(tally(answers)).toEqual({ '200': 9, '201': 1 });
    expect((await traceOf(`users/${userId}`)).map(({ action }) => action)).toEqual(['user.create']);
  });

  it.each([
    ['no name', {}, 'name'],
    ['a name that is not seen', { name: '\u200b' }, 'name'],
    ['a name that is too long', { name: 'x'.repeat(101) }, 'name'],
    ['an e-mail that is none', { name: 'x', email: 'nobody' }, 'email'],
    ['an e-mail with a space', { name: 'x', email: 'some body@example.com' }, 'email'],
    ['an e-mail that is too long', { name: 'x', email: `${'x'.repeat(255)}@example.com` }, 'email'],
    ['a balance', { name: 'x', balance: 1 }, 'balance'],
  ])('refuses %s', async (_name, body, path) => {
    const userId = newUserId();
    const answer = await put(`/api/users/${userId}`, body);
    expect(answer).toMatchObject({ status: 400, error: 'VALIDATION_FAILED', body: { errors: [{ path }] } });
    expect(await shop.api.call(`/api/users/${userId}`)).toMatchObject({ status: 404 });
  });
});

describe('PUT of a product', () => {
  it('puts it up with its stock; again it changes name and price', async () => {
    const productId = newUserId();
    const created = await put(`/api/products/${productId}`, { name: 'Clock', price: 24_900, stock: 10 });
    expect(created).toMatchObject({ status: 201, body: { productId, name: 'Clock', price: 24_900, stock: 10 } });
    expect(created.headers.get('location')).toBe(`/api/products/${productId}`);

    const changed = await put(`/api/products/${productId}`, { name: 'Desk clock', price: 0 });
    expect(changed).toMatchObject({ status: 200, body: { productId, name: 'Desk clock', price: 0, stock: 10 } });
    expect((await shop.api.call(`/api/products/${productId}`)).body).toEqual(changed.body);
    expect(await traceOf(`products/${productId}`)).toEqual([
      {
        action: 'product.create',
        before: null,
        after: { name: 'Clock', price: 24_900, stock: 10 },
        outcome: 'DONE',
      },
      {
        action: 'product.change',
        before: { name: 'Clock', price: 24_900 },
        after: { name: 'Desk clock', price: 0 },
        outcome: 'DONE',
      },
    ]);
  });

  it('puts it up once, when it comes many times at once', async () => {
    const productId = newUserId();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        put(`/api/products/${productId}`, { name: 'Clock', price: 1, stock: 10 + index }),
      ),
    );
    expect(tally(answers)).toEqual({ '201': 1, '400 VALIDATION_FAILED': 9 });
    const [created] = answers.filter(({ status }) => status === 201);
    expect((await shop.api.call(`/api/products/${productId}`)).body).toEqual(created?.body);
    expect((await traceOf(`products/${productId}`)).map(({ action }) => action)).toEqual(['product.create']);
  });

  it('needs a stock for a new one, and takes none for one that is there', async () => {
    const productId = newUserId();
    const refusal = { status: 400, error: 'VALIDATION_FAILED', body: { errors: [{ path: 'stock' }] } };
    expect(await put(`/api/products/${productId}`, { name: 'Clock', price: 1 })).toMatchObject(refusal);
    await put(`/api/products/${productId}`, { name: 'Clock', price: 1, stock: 3 });
    const again = await put(`/api/products/${productId}`, { name: 'Clock', price: 1, stock: 3 });
    expect(again).toMatchObject(refusal);
    expect(JSON.stringify(again.body)).toContain(`POST /api/products/${productId}/stock`);
  });

  it.each([
    ['no price', { name: 'x', stock: 1 }, 'price'],
    ['a price below zero', { name: 'x', price: -1, stock: 1 }, 'price'],
    ['a price with a fraction', { name: 'x', price: 1.5, stock: 1 }, 'price'],
    ['a price at which orders could not be added up', { name: 'x', price: 900_000_000_001, stock: 1 }, 'price'],
    ['a stock below zero', { name: 'x', price: 1, stock: -1 }, 'stock'],
    ['a stock that is text', { name: 'x', price: 1, stock: '1' }, 'stock'],
    ['a name that is too long', { name: 'x'.repeat(256), price: 1, stock: 1 }, 'name'],
  ])('refuses %s', async (_name, body, path) => {
    const answer = await put(`/api/products/${newUserId()}`, body);
    expect(answer).toMatchObject({ status: 400, error: 'VALIDATION_FAILED', body: { errors: [{ path }] } });
  });
});

describe('the stock of a product', () => {
  it('is added to and taken from, down to zero', async () => {
    const productId = await shop.product({ stock: 5 });
    expect(await changeStock(productId, { delta: 3 })).toMatchObject({ status: 200, body: { productId, stock: 8 } });
    expect(await changeStock(productId, { delta: -8 })).toMatchObject({ status: 200, body: { stock: 0 } });
    expect(await changeStock(productId, { delta: -1 })).toMatchObject({ status: 409, error: 'OUT_OF_STOCK' });
    expect(await shop.stockOf(productId)).toBe(0);
    expect(await traceOf(`products/${productId}`)).toMatchObject([
      { action: 'product.stock', before: { stock: 5 }, after: { stock: 8, delta: 3 } },
      { action: 'product.stock', before: { stock: 8 }, after: { stock: 0, delta: -8 } },
    ]);
  });

  it('loses nothing of what comes at once, and is changed once for each idempotency key', async () => {
    const productId = await shop.product({ stock: 10 });
    await Promise.all([
      ...Array.from({ length: 20 }, () => changeStock(productId, { delta: 1 })),
      ...Array.from({ length: 5 }, () => changeStock(productId, { delta: -2 })),
    ]);
    expect(await shop.stockOf(productId)).toBe(20);
    for (let call = 1; call <= 2; call += 1) {
      const answer = await changeStock(productId, { delta: 7, idempotencyKey: `delivery ${productId}` });
      expect(answer).toMatchObject({ status: 200, body: { stock: 27 } });
    }
  });

  it('is never more than a number in JSON can hold', async () => {
    const productId = await shop.product({ stock: 10 });
    expect(await changeStock(productId, { delta: Number.MAX_SAFE_INTEGER - 9 })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'delta' }] },
    });
    expect(await changeStock(productId, { delta: Number.MAX_SAFE_INTEGER - 10 })).toMatchObject({ status: 200 });
  });

  it.each([{ delta: 0 }, { delta: 1.5 }, { delta: '1' }, {}, { delta: null }])('is not changed by %j', async (body) => {
    const productId = await shop.product({ stock: 10 });
    expect(await changeStock(productId, body)).toMatchObject({ status: 400, body: { errors: [{ path: 'delta' }] } });
  });

  it('of a product that is not there is 404', async () => {
    for (const delta of [1, -1]) {
      expect(await changeStock(newUserId(), { delta })).toMatchObject({ status: 404, error: 'PRODUCT_NOT_FOUND' });
    }
  });
});

describe('without the key of an administrator', () => {
  it('nobody is registered and nothing is put up', async () => {
    const id = newUserId();
    for (const path of [`/api/users/${id}`, `/api/products/${id}`]) {
      const answer = await put(path, { name: 'x', price: 1, stock: 1 }, false);
      expect(answer).toMatchObject({ status: 401, error: 'UNAUTHENTICATED' });
    }
    const stock = await shop.api.call(`/api/products/${id}/stock`, { method: 'POST', body: { delta: 1 } });
    expect(stock).toMatchObject({ status: 401 });
  });
});
