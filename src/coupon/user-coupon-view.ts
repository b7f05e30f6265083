/** The states of a user coupon; EXPIRED is one that was not used before the coupon's `expiresAt`. */
export const USER_COUPON_STATUSES = ['AVAILABLE', 'USED', 'EXPIRED'] as const;
export type UserCouponStatus = (typeof USER_COUPON_STATUSES)[number];

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
  readonly expiresAt: Date;
}

/** A user coupon as the API shows it. */
export type UserCouponView = HeldCoupon & { readonly status: UserCouponStatus };

export function userCouponView(held: HeldCoupon, now: Date): UserCouponView {
  return { ...held, status: statusOf(held, now) };
}

/** The same rule as the filter of user-coupon.repository.ts. */
function statusOf({ usedAt, expiresAt }: HeldCoupon, now: Date): UserCouponStatus {
  if (usedAt !== null) return 'USED';
  return expiresAt <= now ? 'EXPIRED' : 'AVAILABLE';
}
