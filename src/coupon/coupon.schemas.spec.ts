import { describe, expect, it } from '@jest/globals';
import { encodeCursor } from '../platform/http/schemas.js';
import { assertTerms, changeCouponBody, createCouponBody, holderOf, userCouponsQuery } from './coupon.schemas.js';

const DAY_MS = 24 * 3_600_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();
const plain = { discountRate: 50, usableUntil: null, maxDiscountAmount: null };
const body = { name: 'Test coupon', totalQuantity: 10, discountRate: 50, startsAt: inDays(0), expiresAt: inDays(1) };

describe('createCouponBody', () => {
  it('fills in the defaults, for null as for what is left out', () => {
    const defaults = { isActive: true, audience: 'registered', codeFormat: 'none', strategy: 'reservation' };
    const nulls = { isActive: null, audience: null, codeFormat: null, strategy: null, discountAmount: null };
    expect(createCouponBody.parse(body)).toMatchObject(defaults);
    expect(createCouponBody.parse({ ...body, ...nulls })).toMatchObject(defaults);
  });

  it('trims the name and counts its characters, not its UTF-16 units', () => {
    expect(createCouponBody.parse({ ...body, name: '  쿠폰  ' }).name).toBe('쿠폰');
    expect(createCouponBody.safeParse({ ...body, name: '🎁'.repeat(255) }).success).toBe(true);
    expect(createCouponBody.safeParse({ ...body, name: '🎁'.repeat(256) }).success).toBe(false);
  });

  it('takes every value that is still allowed', () => {
    const { discountRate: _, ...withoutDiscount } = body;
    for (const allowed of [
      { ...body, totalQuantity: 10_000_000 },
      { ...body, discountRate: 100 },
      { ...withoutDiscount, discountAmount: 1_000_000_000_000 },
      { ...body, startsAt: inDays(-400) },
      { ...body, expiresAt: '9999-12-31T23:59:59.999Z' },
    ]) {
      expect(createCouponBody.safeParse(allowed)).toMatchObject({ success: true });
    }
  });

  it('refuses what is no time', () => {
    for (const time of ['tomorrow', '2026-11-20', '2026-11-20T18:00:00', 1_763_600_000_000]) {
      expect(createCouponBody.safeParse({ ...body, startsAt: time }).success).toBe(false);
      expect(createCouponBody.safeParse({ ...body, expiresAt: time }).success).toBe(false);
    }
  });

  it('is open to everyone unless it is told otherwise, and takes terms of entry within their bounds', () => {
    const open = { entry: 'open', entrySpreadSeconds: 10, challenge: 'none' };
    const nulls = { entry: null, entryOpensAt: null, entrySpreadSeconds: null, challenge: null };
    expect(createCouponBody.parse(body)).toMatchObject(open);
    expect(createCouponBody.parse({ ...body, ...nulls })).toMatchObject(open);

    const refusedOf = (terms: object) =>
      createCouponBody.safeParse({ ...body, ...terms }).error?.issues.map(({ path }) => path.join('.'));
    const ticket = { entry: 'ticket', entryOpensAt: body.startsAt, challenge: 'turnstile' };
    for (const entrySpreadSeconds of [0, 600]) expect(refusedOf({ ...ticket, entrySpreadSeconds })).toBeUndefined();
    expect(refusedOf({ entry: 'closed' })).toEqual(['entry']);
    expect(refusedOf({ ...ticket, entryOpensAt: inDays(0.5) })).toEqual(['entryOpensAt']);
    for (const entrySpreadSeconds of [-1, 601, 1.5, '10']) {
      expect(refusedOf({ entrySpreadSeconds })).toEqual(['entrySpreadSeconds']);
    }
    expect(refusedOf({ challenge: 'captcha' })).toEqual(['challenge']);
  });

  it('refuses a time that the database could not hold', () => {
    expect(createCouponBody.safeParse({ ...body, startsAt: '0001-01-01T00:00:00Z' }).success).toBe(false);
    expect(createCouponBody.safeParse({ ...body, expiresAt: '9999-12-31T23:59:59-10:00' }).success).toBe(false);
  });
});

describe('changeCouponBody', () => {
  it('has nothing in it that was not named, so that nothing else is overwritten', () => {
    expect(Object.entries(changeCouponBody.parse({ isActive: false, name: null }))).toEqual([['isActive', false]]);
  });

  it('refuses a change of nothing', () => {
    expect(changeCouponBody.safeParse({}).success).toBe(false);
    expect(changeCouponBody.safeParse({ name: null }).success).toBe(false);
  });

  it('takes an end in the past, which ends the coupon', () => {
    expect(changeCouponBody.safeParse({ expiresAt: inDays(-1) }).success).toBe(true);
  });
});

describe('assertTerms', () => {
  it('wants the end after the start, and tickets to be given before it', () => {
    const now = new Date();
    const [before, after] = [new Date(now.getTime() - 1), new Date(now.getTime() + 1)];
    expect(() => assertTerms({ ...plain, entryOpensAt: null, startsAt: now, expiresAt: after }, {})).not.toThrow();
    expect(() => assertTerms({ ...plain, entryOpensAt: null, startsAt: now, expiresAt: now }, {})).toThrow('expiresAt');
    expect(() => assertTerms({ ...plain, entryOpensAt: before, startsAt: now, expiresAt: after }, {})).not.toThrow();
    expect(() => assertTerms({ ...plain, entryOpensAt: now, startsAt: now, expiresAt: after }, {})).not.toThrow();
    expect(() => assertTerms({ ...plain, entryOpensAt: after, startsAt: now, expiresAt: after }, {})).toThrow(
      'entryOpensAt',
    );
  });
});

describe('holderOf', () => {
  it('takes a coupon id in the body only when the path has the same', () => {
    expect(holderOf({ userId: 7, couponId: undefined }, 42)).toBe(7);
    expect(holderOf({ userId: 7, couponId: 42 }, 42)).toBe(7);
    expect(() => holderOf({ userId: 7, couponId: 43 }, 42)).toThrow('couponId');
  });
});

describe('userCouponsQuery', () => {
  it('reads its own cursor and no other', () => {
    expect(userCouponsQuery.parse({ cursor: encodeCursor([1000, 5]) }).cursor).toEqual([1000, 5]);
    for (const foreign of [
      encodeCursor(5),
      encodeCursor([1000]),
      encodeCursor([8.64e15, 5]),
      encodeCursor(['1000', 5]),
      '!',
      '',
    ]) {
      expect(userCouponsQuery.safeParse({ cursor: foreign }).success).toBe(false);
    }
  });
});
