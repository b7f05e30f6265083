/** The states of a user coupon; EXPIRED is one that was not used before its use-by time. */
export const USER_COUPON_STATUSES = ['AVAILABLE', 'USED', 'REVOKED', 'EXPIRED'] as const;
export type UserCouponStatus = (typeof USER_COUPON_STATUSES)[number];

/** What the state of a user coupon depends on, besides the time. */
export interface UserCouponDates {
  readonly usedAt: Date | null;
  /** Also of one that was used before: the refund of its order makes it REVOKED. */
  readonly revokedAt: Date | null;
  readonly expiresAt: Date;
}

/** In which state a user coupon is. This file alone says so: here in TypeScript, in {@link IN_STATUS} in SQL. */
export function userCouponStatusOf({ usedAt, revokedAt, expiresAt }: UserCouponDates, now: Date): UserCouponStatus {
  if (usedAt !== null) return 'USED';
  if (revokedAt !== null) return 'REVOKED';
  return expiresAt <= now ? 'EXPIRED' : 'AVAILABLE';
}

/** Why a user coupon cannot be spent, the first that applies; NOT_HELD: there is none, SUSPENDED: the coupon says so. */
export const NOT_USABLE_REASONS = ['NOT_HELD', 'USED', 'REVOKED', 'EXPIRED', 'SUSPENDED'] as const;
export type NotUsableReason = (typeof NOT_USABLE_REASONS)[number];

/** Why the user coupon, if there is one, cannot be spent now; undefined when it can. */
export function notUsableReasonOf(
  held: (UserCouponDates & { readonly isRedeemable: boolean }) | undefined,
  now: Date,
): NotUsableReason | undefined {
  if (held === undefined) return 'NOT_HELD';
  const status = userCouponStatusOf(held, now);
  if (status !== 'AVAILABLE') return status;
  return held.isRedeemable ? undefined : 'SUSPENDED';
}

/** How a statement writes the table `user_coupons`, with a dot, or nothing; and the time. */
interface Terms {
  readonly of?: string;
  readonly now: string;
}

/** The condition under which a row is in a state. */
export const IN_STATUS: Readonly<Record<UserCouponStatus, (terms: Terms) => string>> = {
  USED: ({ of = '' }) => `${of}used_at IS NOT NULL`,
  REVOKED: ({ of = '' }) => `${of}used_at IS NULL AND ${of}revoked_at IS NOT NULL`,
  EXPIRED: ({ of = '', now }) => `${of}used_at IS NULL AND ${of}revoked_at IS NULL AND ${of}expires_at <= ${now}`,
  AVAILABLE: ({ of = '', now }) => `${of}used_at IS NULL AND ${of}revoked_at IS NULL AND ${of}expires_at > ${now}`,
};
