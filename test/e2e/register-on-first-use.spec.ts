import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, tally } from '../support/api-client.js';
import { PATIENT, startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { inDays } from '../support/times.js';
import { type Claims, IDENTITY_BY_SECRET, TokenIssuer } from '../support/tokens.js';
import { newUserId } from '../support/unique-ids.js';

/** identity.registerOnFirstUse: whoever asks for an open coupon with a token of their own is registered by that. */

const tokens = TokenIssuer.bySecret();
const env = { ...PATIENT, ...IDENTITY_BY_SECRET };

let one: ApiClient;
let other: ApiClient;
let strict: ApiClient;
let database: TestDatabase;

beforeAll(async () => {
  const registering = { env: { ...env, IDENTITY_REGISTER_ON_FIRST_USE: 'true' }, waitFor: '/health/ready' } as const;
  const apps = await Promise.all([startApp(registering), startApp(registering), startApp({ env })]);
  [one, other, strict] = apps.map(({ url }) => new ApiClient(url)) as [ApiClient, ApiClient, ApiClient];
  database = openDatabase();
});

async function ask(api: ApiClient, path: string, userId: number, claims: Claims = {}, body: object = { userId }) {
  const authorization = `Bearer ${await tokens.ofUser(userId, claims)}`;
  return await api.call(path, { method: 'POST', body, headers: { authorization } });
}

async function rowOf(userId: number): Promise<{ name: string; email: string | null } | undefined> {
  return (
    await database.rows<{ name: string; email: string | null }>('SELECT name, email FROM users WHERE id = ?', [userId])
  )[0];
}

async function reserve(userId: number, claims: Claims = {}, definition: object = {}, api = one) {
  const { couponId } = await one.createCoupon({ audience: 'registered', ...definition });
  return await ask(api, `/api/coupons/${couponId}/reserve`, userId, claims);
}

describe('a user with a token of their own', () => {
  it.each([
    ['name and e-mail', { name: ' 김지우 ', email: 'ID@example.com' }, { name: '김지우', email: 'ID@example.com' }],
    ['neither', {}, { name: 'User ID', email: null }],
    ['what nobody may be called', { name: '\u200b', email: 'no address' }, { name: 'User ID', email: null }],
    ['a name that is too long', { name: 'x'.repeat(101) }, { name: 'User ID', email: null }],
    ['what is no text', { name: 7, email: ['a@example.com'] }, { name: 'User ID', email: null }],
  ])('is registered when the token has %s', async (_name, claims, row) => {
    const userId = newUserId();
    const of = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('ID', String(userId)));
    expect(await reserve(userId, of(claims))).toMatchObject({ status: 200 });
    expect(await rowOf(userId)).toEqual(of(row));
  });

  it('is registered by every call that asks for a coupon', async () => {
    const { couponId } = await one.createCoupon({ audience: 'registered' });
    const calls: Array<[string, (userId: number) => object | undefined]> = [
      [`/api/coupons/${couponId}/issue`, () => ({})],
      ['/api/coupons/reserve', () => ({ couponId })],
      ['/api/coupons/issue', () => ({ couponId })],
    ];
    for (const [path, bodyOf] of calls) {
      const userId = newUserId();
      expect(await ask(one, path, userId, {}, bodyOf(userId))).toMatchObject({ status: 200 });
      expect(await rowOf(userId)).toBeDefined();
    }
  });

  it('is not given the e-mail of another user, and keeps what is stored already', async () => {
    const [first, second] = [newUserId(), newUserId()];
    const email = `${first}@example.com`;
    await reserve(first, { name: 'First', email });
    expect(await reserve(second, { email })).toMatchObject({ status: 200 });
    expect(await rowOf(second)).toMatchObject({ email: null });
    await reserve(first, { name: 'Renamed' });
    expect(await rowOf(first)).toEqual({ name: 'First', email });
  });

  it.each([
    ['has not started', { startsAt: inDays(1), expiresAt: inDays(2) }, 'COUPON_NOT_STARTED'],
    ['is paused', { isActive: false }, 'COUPON_INACTIVE'],
  ])('is not registered by a coupon that %s', async (_name, definition, error) => {
    const userId = newUserId();
    expect(await reserve(userId, {}, definition)).toMatchObject({ status: 409, error });
    expect(await rowOf(userId)).toBeUndefined();
  });

  it('is not registered where that is switched off', async () => {
    const userId = newUserId();
    expect(await reserve(userId, { name: 'Somebody' }, {}, strict)).toMatchObject({ error: 'USER_NOT_FOUND' });
    expect(await rowOf(userId)).toBeUndefined();
  });
});

describe('a crowd of newcomers', () => {
  it('is registered once each, at two instances at once, and one of them has the e-mail that all claim', async () => {
    const { couponId } = await one.createCoupon({ audience: 'registered', totalQuantity: 1_000 });
    const userIds = Array.from({ length: 100 }, () => newUserId());
    const email = `${userIds[0]}@example.com`;
    const path = `/api/coupons/${couponId}/reserve`;
    const answers = await Promise.all(
      userIds.flatMap((userId) => [one, other].map((api) => ask(api, path, userId, { email }))),
    );
    expect(tally(answers)).toEqual({ '200': 100, '409 ALREADY_ISSUED': 100 });
    const rows = await database.rows<{ email: string | null }>('SELECT email FROM users WHERE id IN (?)', [userIds]);
    expect(rows).toHaveLength(100);
    expect(rows.filter((row) => row.email === email)).toHaveLength(1);
  });
});

describe('whoever asks for somebody else', () => {
  it.each([
    ['a service', () => tokens.ofService('coupon:act')],
    ['an administrator', () => tokens.ofOperator('coupon:admin')],
  ])('registers nobody: %s', async (_name, sign) => {
    const userId = newUserId();
    const { couponId } = await one.createCoupon({ audience: 'registered' });
    const headers = { authorization: `Bearer ${await sign()}` };
    const answer = await one.call(`/api/coupons/${couponId}/reserve`, { method: 'POST', body: { userId }, headers });
    expect(answer).toMatchObject({ status: 404, error: 'USER_NOT_FOUND' });
    expect(await rowOf(userId)).toBeUndefined();
  });
});
