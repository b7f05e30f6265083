import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, type CouponBody, type Strategy } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { eventually } from '../support/poll.js';
import { inDays, time } from '../support/times.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** The contract of the calls that define and show coupons, field by field, the same for both strategies. */

const number = expect.any(Number);

let api: ApiClient;

beforeAll(async () => {
  api = new ApiClient((await startApp()).url);
});

describe.each<Strategy>(['reservation', 'lock'])('a coupon with the strategy %s', (strategy) => {
  const create = (overrides: Partial<CouponBody> = {}) => api.createCoupon({ strategy, ...overrides });

  describe('when it is created', () => {
    it('answers 201 with the coupon and where it is; what is left out has its default', async () => {
      const body = {
        name: '  Black Friday 50%  ',
        totalQuantity: 1000,
        discountRate: 50,
        startsAt: '2026-01-01T09:00:00+09:00',
        expiresAt: inDays(1),
        ...(strategy === 'lock' && { strategy }),
      };
      const answer = await api.call<CouponBody>('/api/coupons', { method: 'POST', body, isAdmin: true });
      expect(answer.status).toBe(201);
      expect(answer.headers.get('location')).toBe(`/api/coupons/${answer.body.couponId}`);
      expect(answer.body).toEqual({
        couponId: number,
        name: 'Black Friday 50%',
        totalQuantity: 1000,
        returnedQuantity: 0,
        issuedQuantity: 0,
        reservedQuantity: 0,
        remainingQuantity: 1000,
        discountAmount: null,
        discountRate: 50,
        isActive: true,
        audience: 'registered',
        codeFormat: 'none',
        strategy,
        entry: 'open',
        entryOpensAt: null,
        entrySpreadSeconds: 10,
        challenge: 'none',
        startsAt: '2026-01-01T00:00:00.000Z',
        expiresAt: body.expiresAt,
        usableDays: null,
        usableUntil: body.expiresAt,
        isRedeemable: true,
        minOrderAmount: null,
        maxDiscountAmount: null,
        productIds: null,
        createdAt: time,
        status: 'OPEN',
      });
      expect((await api.coupon(answer.body.couponId)).body).toEqual(answer.body);
    });

    it('takes null for what is left out', async () => {
      const nulls = { discountRate: null, isActive: null, audience: null, codeFormat: null };
      const body = {
        name: 'x',
        totalQuantity: 1,
        discountAmount: 5000,
        startsAt: inDays(0),
        expiresAt: inDays(1),
        strategy,
        ...nulls,
      };
      const answer = await api.call<CouponBody>('/api/coupons', { method: 'POST', body, isAdmin: true });
      const defaults = {
        isActive: true,
        audience: 'registered',
        codeFormat: 'none',
        discountAmount: 5000,
        discountRate: null,
      };
      expect(answer).toMatchObject({ status: 201, body: defaults });
    });
  });

  describe('shown', () => {
    it.each<[CouponBody['status'], Partial<CouponBody>]>([
      ['PAUSED', { isActive: false, startsAt: inDays(1), expiresAt: inDays(2) }],
      ['SCHEDULED', { startsAt: inDays(1), expiresAt: inDays(2) }],
      ['OPEN', {}],
    ])('is %s', async (status, overrides) => {
      const { couponId } = await create(overrides);
      const answer = await api.coupon(couponId);
      expect(answer).toMatchObject({ status: 200, body: { couponId, status } });
    });

    it('is SOLD_OUT when nothing remains, and ENDED when its time is over, sold out or not', async () => {
      const { couponId } = await create({ totalQuantity: 1 });
      expect((await api.issue(couponId, newUserId())).status).toBe(200);
      const counts = { issuedQuantity: 1, reservedQuantity: 0, remainingQuantity: 0 };
      expect((await api.coupon(couponId)).body).toMatchObject({ status: 'SOLD_OUT', ...counts });

      expect((await api.patchCoupon(couponId, { expiresAt: inDays(-0.001) })).status).toBe(200);
      expect((await api.coupon(couponId)).body).toMatchObject({ status: 'ENDED', ...counts });
    });
  });

  describe('changed', () => {
    it('answers 200 with the coupon; what is not named stays', async () => {
      const before = await create({ totalQuantity: 10 });
      const change = { name: ' Renamed ', totalQuantity: 20, isActive: false };
      const answer = await api.patchCoupon(before.couponId, change);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        ...before,
        name: 'Renamed',
        totalQuantity: 20,
        remainingQuantity: 20,
        isActive: false,
        status: 'PAUSED',
      });
      expect((await api.coupon(before.couponId)).body).toEqual(answer.body);

      const window = { startsAt: inDays(1), expiresAt: inDays(2), isActive: true };
      expect(await api.patchCoupon(before.couponId, window)).toMatchObject({
        body: { ...window, status: 'SCHEDULED' },
      });
    });

    it('takes effect at once: paused, resumed, not started, expired', async () => {
      const { couponId } = await create();
      await api.patchCoupon(couponId, { isActive: false });
      await eventually(async () => expect((await api.reserve(couponId, newUserId())).error).toBe('COUPON_INACTIVE'));
      await api.patchCoupon(couponId, { isActive: true, startsAt: inDays(0.1), expiresAt: inDays(1) });
      await eventually(async () => expect((await api.reserve(couponId, newUserId())).error).toBe('COUPON_NOT_STARTED'));
      await api.patchCoupon(couponId, { startsAt: inDays(-1), expiresAt: inDays(-0.001) });
      await eventually(async () => expect((await api.reserve(couponId, newUserId())).error).toBe('COUPON_EXPIRED'));
      await api.patchCoupon(couponId, { expiresAt: inDays(1) });
      await eventually(async () => expect((await api.reserve(couponId, newUserId())).status).toBe(200));
    });

    it('never has a total below what is issued and reserved', async () => {
      const { couponId } = await create({ totalQuantity: 5 });
      for (const userId of newUserIds(3)) expect((await api.reserve(couponId, userId)).status).toBe(200);
      const answer = await api.patchCoupon(couponId, { totalQuantity: 2 });
      expect(answer).toMatchObject({ status: 409, error: 'QUANTITY_BELOW_COMMITTED' });
      expect((await api.coupon(couponId)).body.totalQuantity).toBe(5);

      expect(await api.patchCoupon(couponId, { totalQuantity: 3 })).toMatchObject({
        status: 200,
        body: { remainingQuantity: 0 },
      });
      expect((await api.reserve(couponId, newUserId())).error).toBe('COUPON_SOLD_OUT');
      expect(await api.patchCoupon(couponId, { totalQuantity: 4 })).toMatchObject({
        status: 200,
        body: { remainingQuantity: 1 },
      });
      expect((await api.reserve(couponId, newUserId())).status).toBe(200);
    });
  });

  it('has an audit, and the same after a rebuild', async () => {
    const { couponId } = await create({ totalQuantity: 10 });
    for (const userId of newUserIds(3)) expect((await api.issue(couponId, userId)).status).toBe(200);
    const audit = {
      couponId,
      consistent: true,
      redis:
        strategy === 'lock'
          ? null
          : { reserved: 3, users: 3, pending: 0, sequence: 3, epoch: number, available: number },
      database: { totalQuantity: 10, issuedQuantity: 3, rows: 3, distinctUsers: 3 },
      violations: [],
    };
    await eventually(async () => expect(await api.audit(couponId)).toMatchObject({ status: 200, body: audit }));
    expect((await api.audit(couponId)).body).toEqual(audit);

    const rebuilt = await api.rebuild(couponId);
    expect(rebuilt.status).toBe(200);
    expect(rebuilt.body).toEqual(audit);
  });
});
