import { type UserCouponDates, type UserCouponStatus, userCouponStatusOf } from '../user-coupon-status.js';

/** A user coupon as its coupon sees it: who holds it. Made by coupon-holder.repository.ts. */
export interface CouponHolder extends UserCouponDates {
  readonly userCouponId: number;
  readonly userId: number;
  readonly sequenceNumber: number;
  readonly code: string | null;
  readonly issuedAt: Date;
}

/** A holder as the API shows one. */
export type CouponHolderView = CouponHolder & { readonly status: UserCouponStatus };

export function couponHolderView(holder: CouponHolder, now: Date): CouponHolderView {
  return { ...holder, status: userCouponStatusOf(holder, now) };
}
