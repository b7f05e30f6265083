import { type UserCouponStatus, userCouponStatusOf } from './user-coupon-status.js';

/** A user coupon with what the coupon says about it; made by user-coupon.repository.ts. */
export interface HeldCoupon {
  readonly userCouponId: number;
  readonly couponId: number;
  readonly couponName: string;
  /** In won; null when the discount is a rate. */
  readonly discountAmount: number | null;
  /** In percent; null when the discount is an amount. */
  readonly discountRate: number | null;
  readonly code: string | null;
  readonly issuedAt: Date;
  readonly usedAt: Date | null;
  /** Null for one that nobody took back. */
  readonly revokedAt: Date | null;
  readonly expiresAt: Date;
}

/** A user coupon as the API shows it. */
export type UserCouponView = Omit<HeldCoupon, 'revokedAt'> & { readonly status: UserCouponStatus };

export function userCouponView(held: HeldCoupon, now: Date): UserCouponView {
  const { revokedAt: _revokedAt, ...shown } = held;
  return { ...shown, status: userCouponStatusOf(held, now) };
}
