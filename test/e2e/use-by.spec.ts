import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, type CouponBody, type Strategy } from '../support/api-client.js';
import { PATIENT, startApp } from '../support/app-process.js';
import { openDatabase } from '../support/database.js';
import { Shop } from '../support/shop.js';
import { inDays } from '../support/times.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** P14: until when a user coupon may be spent, whatever becomes of the promotion. */

const DAY_MS = 24 * 3_600_000;

let api: ApiClient;
let shop: Shop;

beforeAll(async () => {
  api = new ApiClient((await startApp({ env: PATIENT, waitFor: '/health/ready' })).url);
  shop = new Shop(api, openDatabase());
});

async function issue(couponId: number, userId = newUserId()) {
  const { status, body } = await api.issue(couponId, userId);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
}

/** What the user is told of the coupon that they hold. */
async function heldBy(userId: number): Promise<{ status: string; expiresAt: string }> {
  const { body } = await api.call<{ coupons: Array<{ status: string; expiresAt: string }> }>(
    `/api/users/${userId}/coupons`,
  );
  expect(body.coupons).toHaveLength(1);
  return body.coupons[0] as { status: string; expiresAt: string };
}

async function changed(couponId: number, changes: Parameters<ApiClient['patchCoupon']>[1]) {
  const { status, body } = await api.patchCoupon(couponId, changes);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
}

describe.each<Strategy>(['reservation', 'lock'])('a user coupon of the strategy %s', (strategy) => {
  const create = (overrides: Partial<CouponBody> = {}) =>
    api.createCoupon({ strategy, expiresAt: inDays(2), ...overrides });

  it('can be spent until the end of the claim window where nothing else is said', async () => {
    const coupon = await create();
    expect(coupon).toMatchObject({ usableDays: null, usableUntil: coupon.expiresAt, isRedeemable: true });
    const userId = newUserId();
    expect((await issue(coupon.couponId, userId)).expiresAt).toBe(coupon.expiresAt);
    expect(await heldBy(userId)).toMatchObject({ status: 'AVAILABLE', expiresAt: coupon.expiresAt });
  });

  it('can be spent for so many days of 24 hours from its issue', async () => {
    const { couponId } = await create({ usableDays: 30 });
    const { issuedAt, expiresAt } = await issue(couponId);
    expect(Date.parse(expiresAt) - Date.parse(issuedAt)).toBe(30 * DAY_MS);
  });

  it('can be spent until a time that is later than the claim window', async () => {
    const usableUntil = inDays(40);
    const { couponId } = await create({ usableUntil });
    expect((await issue(couponId)).expiresAt).toBe(usableUntil);
  });

  // Each way in which a promotion can be ended, paused or moved.
  it.each<[string, () => Partial<CouponBody>]>([
    ['is ended now', () => ({ expiresAt: inDays(-0.001) })],
    ['ends earlier', () => ({ expiresAt: inDays(1) })],
    ['ends later', () => ({ expiresAt: inDays(3) })],
    ['starts later', () => ({ startsAt: inDays(1) })],
    ['is moved to the past', () => ({ startsAt: inDays(-9), expiresAt: inDays(-8) })],
    ['is moved to the future', () => ({ startsAt: inDays(8), expiresAt: inDays(9) })],
    ['is paused', () => ({ isActive: false })],
    ['has no stock left', () => ({ totalQuantity: 1 })],
    ['gives out shorter ones from now on', () => ({ usableDays: 1 })],
    ['gives out longer ones from now on', () => ({ usableUntil: inDays(50) })],
  ])('keeps its time when the promotion %s', async (_how, change) => {
    const { couponId, expiresAt } = await create();
    const [userId, productId] = [await shop.user(10_000), await shop.product({ price: 5000 })];
    await issue(couponId, userId);
    await changed(couponId, change());
    expect(await heldBy(userId)).toMatchObject({ status: 'AVAILABLE', expiresAt });
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }], couponId);
    expect(await shop.pay(orderId, userId)).toMatchObject({ status: 200, body: { paidAmount: 4000 } });
  });

  it('is issued with the latest end that the claim window has had', async () => {
    const { couponId, expiresAt: first } = await create();
    const [later, earlier] = [inDays(5), inDays(1)];
    expect(await changed(couponId, { expiresAt: later })).toMatchObject({ usableUntil: later });
    expect((await issue(couponId)).expiresAt).toBe(later);
    expect(await changed(couponId, { expiresAt: earlier })).toMatchObject({ usableUntil: later });
    expect((await issue(couponId)).expiresAt).toBe(later);
    expect(await changed(couponId, { expiresAt: first, name: 'Back again' })).toMatchObject({ usableUntil: later });
    expect((await issue(couponId)).expiresAt).toBe(later);
  });

  it('gets another time where that is asked for by name, and the answer says how many', async () => {
    const { couponId } = await create();
    const userIds = newUserIds(3);
    const issuedAt = new Map<number, string>();
    for (const userId of userIds) issuedAt.set(userId, (await issue(couponId, userId)).issuedAt);

    const usableUntil = inDays(7);
    expect(await changed(couponId, { usableUntil, applyToIssued: true })).toMatchObject({
      usableUntil,
      appliedToIssued: 3,
      remainingToApply: 0,
    });
    for (const userId of userIds) expect(await heldBy(userId)).toMatchObject({ expiresAt: usableUntil });
    expect(await changed(couponId, { usableUntil, applyToIssued: true })).toMatchObject({ appliedToIssued: 0 });

    expect(await changed(couponId, { usableDays: 2, applyToIssued: true })).toMatchObject({
      usableDays: 2,
      usableUntil: null,
      appliedToIssued: 3,
    });
    for (const userId of userIds) {
      const { expiresAt } = await heldBy(userId);
      expect(Date.parse(expiresAt) - Date.parse(issuedAt.get(userId) ?? '')).toBe(2 * DAY_MS);
    }
    // Nothing is said any more: the end of the claim window again.
    const { usableUntil: ofWindow, expiresAt } = await changed(couponId, { usableDays: null, applyToIssued: true });
    expect(ofWindow).toBe(expiresAt);
    for (const userId of userIds) expect(await heldBy(userId)).toMatchObject({ expiresAt });
  });
});

describe('spending', () => {
  it('is suspended and goes on by isRedeemable, which changes nothing of what is held', async () => {
    const [userId, productId] = [await shop.user(10_000), await shop.product({ price: 5000 })];
    const couponId = await shop.coupon(userId);
    const items = [{ productId, quantity: 1 }];
    const orderId = await shop.order(userId, items, couponId);
    expect(await changed(couponId, { isRedeemable: false })).toMatchObject({ isRedeemable: false, status: 'OPEN' });
    expect(await heldBy(userId)).toMatchObject({ status: 'AVAILABLE' });
    const suspended = { status: 409, error: 'COUPON_NOT_USABLE', body: { reason: 'SUSPENDED' } };
    expect(await shop.pay(orderId, userId)).toMatchObject(suspended);
    expect(await shop.placeOrder({ userId, items, couponId })).toMatchObject(suspended);
    expect(await api.issue(couponId, newUserId())).toMatchObject({ status: 200 });
    await changed(couponId, { isRedeemable: true });
    expect(await shop.pay(orderId, userId)).toMatchObject({ status: 200 });
  });

  it('ends with the use-by time, and before that with what applies first', async () => {
    const [userId, productId] = [await shop.user(10_000), await shop.product({ price: 5000 })];
    const couponId = await shop.coupon(userId);
    const orderId = await shop.order(userId, [{ productId, quantity: 1 }], couponId);
    const set = async (column: 'used_at' | 'revoked_at' | 'expires_at', value: Date | null) => {
      await shop.database.change(`UPDATE user_coupons SET ${column} = ? WHERE coupon_id = ?`, [value, couponId]);
    };
    const past = new Date(Date.now() - 1000);
    await changed(couponId, { isRedeemable: false });
    const reasons: string[] = [];
    const ask = async () => {
      const answer = await shop.pay(orderId, userId);
      expect(answer).toMatchObject({ status: 409, error: 'COUPON_NOT_USABLE' });
      reasons.push((answer.body as unknown as { reason: string }).reason);
    };
    await ask();
    await set('expires_at', past);
    await ask();
    await set('revoked_at', past);
    await ask();
    await set('used_at', past);
    await ask();
    await shop.database.change('DELETE FROM user_coupons WHERE coupon_id = ?', [couponId]);
    await ask();
    expect(reasons).toEqual(['SUSPENDED', 'EXPIRED', 'REVOKED', 'USED', 'NOT_HELD']);
    expect(await shop.balanceOf(userId)).toBe(10_000);
  });
});

describe('a coupon whose terms contradict each other', () => {
  const draft = { name: 'Wrong', totalQuantity: 1, discountRate: 10, startsAt: inDays(-1), expiresAt: inDays(1) };

  it.each<[path: string, terms: object]>([
    ['usableUntil', { usableDays: 1, usableUntil: inDays(2) }],
    ['usableUntil', { usableUntil: inDays(0.5) }],
    ['usableDays', { usableDays: 0 }],
    ['usableDays', { usableDays: 3651 }],
    ['usableDays', { usableDays: 1.5 }],
    ['isRedeemable', { isRedeemable: 'no' }],
    ['minOrderAmount', { minOrderAmount: 0 }],
    ['maxDiscountAmount', { discountRate: null, discountAmount: 5, maxDiscountAmount: 1 }],
    ['productIds', { productIds: [] }],
    ['productIds', { productIds: [1, 1] }],
    ['productIds', { productIds: Array.from({ length: 101 }, (_, index) => index + 1) }],
  ])('is not created: %s', async (path, terms) => {
    const answer = await api.call<{ errors: Array<{ path: string }> }>('/api/coupons', {
      method: 'POST',
      body: { ...draft, ...terms },
      isAdmin: true,
    });
    expect(answer).toMatchObject({ status: 400, error: 'VALIDATION_FAILED' });
    expect(answer.body.errors.map((each) => each.path)).toEqual([path]);
  });

  it('is created at the edges', async () => {
    const { expiresAt } = draft;
    const created = await api.createCoupon({ ...draft, usableUntil: expiresAt, maxDiscountAmount: 1, productIds: [1] });
    expect(created).toMatchObject({ usableUntil: expiresAt, maxDiscountAmount: 1, productIds: [1] });
    expect(await api.createCoupon({ ...draft, usableDays: 3650 })).toMatchObject({ usableDays: 3650 });
  });

  it.each<[path: string, terms: object]>([
    ['usableUntil', { usableDays: 1, usableUntil: inDays(5) }],
    ['usableUntil', { usableUntil: inDays(0.5) }],
    ['expiresAt', { expiresAt: inDays(5) }],
    ['minOrderAmount', { minOrderAmount: 1001 }],
    ['maxDiscountAmount', { maxDiscountAmount: 499 }],
    ['productIds', { productIds: [1] }],
    ['applyToIssued', { name: 'Another', applyToIssued: true }],
    ['applyToIssued', { applyToIssued: true }],
  ])('is not changed: %s', async (path, terms) => {
    const usage = { usableUntil: inDays(3), minOrderAmount: 1000, maxDiscountAmount: 500, productIds: [1, 2] };
    const { couponId } = await api.createCoupon({ ...draft, ...usage });
    const before = (await api.coupon(couponId)).body;
    const answer = await api.call<{ errors: Array<{ path: string }> }>(`/api/coupons/${couponId}`, {
      method: 'PATCH',
      body: terms,
      isAdmin: true,
    });
    expect(answer).toMatchObject({ status: 400, error: 'VALIDATION_FAILED' });
    expect(answer.body.errors.map((each) => each.path)).toEqual([path]);
    expect((await api.coupon(couponId)).body).toEqual(before);
  });

  it('gets looser conditions at once, tighter ones when that is asked for by name, and none with null', async () => {
    const usage = { minOrderAmount: 1000, maxDiscountAmount: 500, productIds: [1, 2] };
    const { couponId } = await api.createCoupon({ ...draft, ...usage });
    const looser = { minOrderAmount: 999, maxDiscountAmount: 501, productIds: [1, 2, 3] };
    expect(await changed(couponId, looser)).toMatchObject(looser);
    expect(await changed(couponId, { ...usage, applyToIssued: true })).toMatchObject(usage);
    const none = { minOrderAmount: null, maxDiscountAmount: null, productIds: null };
    expect(await changed(couponId, none)).toMatchObject(none);
  });
});
