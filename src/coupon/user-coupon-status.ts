/** The states of a user coupon; EXPIRED is one that was not used before the coupon's `expiresAt`. */
export const USER_COUPON_STATUSES = ['AVAILABLE', 'USED', 'EXPIRED'] as const;
export type UserCouponStatus = (typeof USER_COUPON_STATUSES)[number];

/** What the state of a user coupon depends on, besides the time. */
interface Dates {
  readonly usedAt: Date | null;
  readonly expiresAt: Date;
}

/** In which state a user coupon is. This file alone says so: here in TypeScript, in {@link IN_STATUS} in SQL. */
export function userCouponStatusOf({ usedAt, expiresAt }: Dates, now: Date): UserCouponStatus {
  if (usedAt !== null) return 'USED';
  return expiresAt <= now ? 'EXPIRED' : 'AVAILABLE';
}

/** How a statement writes the three: two columns and a placeholder. */
interface Terms {
  readonly usedAt: string;
  readonly expiresAt: string;
  readonly now: string;
}

/** The condition under which a row is in a state. */
export const IN_STATUS: Readonly<Record<UserCouponStatus, (terms: Terms) => string>> = {
  USED: ({ usedAt }) => `${usedAt} IS NOT NULL`,
  EXPIRED: ({ usedAt, expiresAt, now }) => `${usedAt} IS NULL AND ${expiresAt} <= ${now}`,
  AVAILABLE: ({ usedAt, expiresAt, now }) => `${usedAt} IS NULL AND ${expiresAt} > ${now}`,
};
