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
  expiresAt: EXPIRES_AT,
};

describe('userCouponView', () => {
  it.each([
    ['AVAILABLE', null, BEFORE],
    ['EXPIRED', null, EXPIRES_AT],
    ['USED', BEFORE, BEFORE],
    ['USED', BEFORE, EXPIRES_AT],
  ])('is %s (used at %s, seen at %s)', (status, usedAt, now) => {
    expect(userCouponView({ ...held, usedAt }, now)).toEqual({ ...held, usedAt, status });
  });
});
