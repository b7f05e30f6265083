import type { Coupon } from './coupon.entity.js';

/** How a coupon stands; the first that applies, in this order. */
export const COUPON_STATUSES = ['PAUSED', 'SCHEDULED', 'ENDED', 'SOLD_OUT', 'OPEN'] as const;
export type CouponStatus = (typeof COUPON_STATUSES)[number];

/** How the coupon stands. This file alone says so: here in TypeScript, and in {@link MAY_BE_IN_STATUS} in SQL. */
export function couponStatusOf(
  { isActive, startsAt, expiresAt }: Pick<Coupon, 'isActive' | 'startsAt' | 'expiresAt'>,
  remainingQuantity: number,
  now: Date,
): CouponStatus {
  if (!isActive) return 'PAUSED';
  if (now < startsAt) return 'SCHEDULED';
  if (now >= expiresAt) return 'ENDED';
  return remainingQuantity === 0 ? 'SOLD_OUT' : 'OPEN';
}

const IN_WINDOW = 'coupon.is_active AND coupon.starts_at <= :now AND coupon.expires_at > :now';

/**
 * A condition that every coupon in the state meets, of the table as `coupon` and the time as `:now`. What is reserved and
 * not issued yet only Redis knows, so one that meets that of SOLD_OUT or OPEN may be in the other of the two.
 */
export const MAY_BE_IN_STATUS: Readonly<Record<CouponStatus, string>> = {
  PAUSED: 'NOT coupon.is_active',
  SCHEDULED: 'coupon.is_active AND coupon.starts_at > :now',
  ENDED: 'coupon.is_active AND coupon.starts_at <= :now AND coupon.expires_at <= :now',
  SOLD_OUT: IN_WINDOW,
  OPEN: `${IN_WINDOW} AND coupon.issued_quantity < coupon.capacity`,
};
