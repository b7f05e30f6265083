/** Until when and on what a user coupon may be spent, as the coupon says it. */
export interface UsageTerms {
  /** Days of exactly 24 h from the issue; null: `usableUntil` says it. */
  readonly usableDays: number | null;
  /** As it was set; null: the days say it, or it follows the end of the claim window, see {@link useByOf}. */
  readonly usableUntil: Date | null;
  /** False suspends spending; what is held stays as it is. */
  readonly isRedeemable: boolean;
  /** In won; what the eligible lines of an order come to at least. */
  readonly minOrderAmount: number | null;
  /** In won; the most that a discount rate takes off. */
  readonly maxDiscountAmount: number | null;
  /** The discount counts on these products only; null: on all. */
  readonly productIds: readonly number[] | null;
}

/** What holds when nobody says otherwise, and what a coupon from before there were such terms has. */
export const PLAIN_USAGE = {
  usableDays: null,
  usableUntil: null,
  isRedeemable: true,
  minOrderAmount: null,
  maxDiscountAmount: null,
  productIds: null,
} as const satisfies UsageTerms;

export const MAX_USABLE_DAYS = 3_650;
export const MAX_CONDITION_PRODUCTS = 100;

const DAY_MS = 24 * 60 * 60 * 1_000;

/** What the use-by time of a row that is issued depends on. */
export interface UseByTerms {
  readonly usableDays: number | null;
  /** The absolute time; where there are days it is not asked. */
  readonly usableUntil: Date;
}

/**
 * Where neither days nor a time is set, the use-by time follows the claim window's end upwards and never down (P14): so a
 * window that is ended early shortens nothing, and one that is made longer issues nothing that has expired already.
 */
export function usableUntilOf(coupon: {
  readonly usableUntil: Date | null;
  readonly expiresAt: Date;
  readonly latestExpiresAt: Date;
}): Date {
  if (coupon.usableUntil !== null) return coupon.usableUntil;
  return coupon.latestExpiresAt > coupon.expiresAt ? coupon.latestExpiresAt : coupon.expiresAt;
}

/** As {@link usableUntilOf}, for statements. @param of the table `coupons`, with a dot, where there are others */
export function usableUntilIn(of = ''): string {
  return `COALESCE(${of}usable_until, GREATEST(${of}expires_at, ${of}latest_expires_at))`;
}

/** Whether what would be issued at `now` could not be spent any more. */
export function isUseByPast(
  coupon: Parameters<typeof usableUntilOf>[0] & { readonly usableDays: number | null },
  now: Date,
): boolean {
  return coupon.usableDays === null && usableUntilOf(coupon) <= now;
}

/** Until when what is issued at `issuedAt` may be spent. */
export function useByOf({ usableDays, usableUntil }: UseByTerms, issuedAt: Date): Date {
  return usableDays === null ? usableUntil : new Date(issuedAt.getTime() + usableDays * DAY_MS);
}
