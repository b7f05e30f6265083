import { describe, expect, it } from '@jest/globals';
import { userCouponView } from './user-coupon-view.js';

const EXPIRES_AT = new Date('2026-11-27T09:00:00Z');
const BEFORE = new Date(EXPIRES_AT.getTime() - 1);
const held = {
  userCouponId: 9001,
  couponId: 42,
  couponName: 'Test coupon',
  discountAmount: null,
  discountRate: 50,
  code: null,
  issuedAt: new Date('2026-11-20T09:00:00Z'),
  usedAt: null,
  revokedAt: null,
  expiresAt: EXPIRES_AT,
};

describe('userCouponView', () => {
  it.each([
    ['AVAILABLE', null, null, BEFORE],
    ['EXPIRED', null, null, EXPIRES_AT],
    ['REVOKED', null, BEFORE, BEFORE],
    ['REVOKED', null, BEFORE, EXPIRES_AT],
    ['USED', BEFORE, null, BEFORE],
    ['USED', BEFORE, null, EXPIRES_AT],
    ['USED', BEFORE, BEFORE, BEFORE],
  ])('is %s (used at %s, revoked at %s, seen at %s)', (status, usedAt, revokedAt, now) => {
    const { revokedAt: _, ...shown } = held;
    expect(userCouponView({ ...held, usedAt, revokedAt }, now)).toEqual({ ...shown, usedAt, status });
  });
});
