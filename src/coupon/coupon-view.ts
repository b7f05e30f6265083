import { type CouponStatus, couponStatusOf } from './coupon-status.js';
import type { Audience, CodeFormat, Coupon, Strategy } from './coupon.entity.js';
import { type Challenge, type Entry, entryOpensAtOf, type EntryTerms } from './entry-terms.js';
import { usableUntilOf, type UsageTerms } from './usage-terms.js';
import type { RedisCoupon } from './reservation/redis-coupon.store.js';

/** A coupon as the API shows it. */
export interface CouponView extends Omit<UsageTerms, 'usableUntil'> {
  readonly couponId: number;
  readonly name: string;
  readonly totalQuantity: number;
  /** Slots that revocations gave back, besides the total. */
  readonly returnedQuantity: number;
  /** Rows in the ledger. */
  readonly issuedQuantity: number;
  /** Held but not yet issued; null when Redis can't say. */
  readonly reservedQuantity: number | null;
  /** Total and returned, less issued and reserved; less issued alone when Redis can't say. */
  readonly remainingQuantity: number;
  readonly discountAmount: number | null;
  readonly discountRate: number | null;
  readonly isActive: boolean;
  readonly audience: Audience;
  readonly codeFormat: CodeFormat;
  readonly strategy: Strategy;
  readonly entry: Entry;
  /** From when on entry tickets are given; null when none are needed. */
  readonly entryOpensAt: Date | null;
  readonly entrySpreadSeconds: number;
  readonly challenge: Challenge;
  readonly startsAt: Date;
  readonly expiresAt: Date;
  /** Until when what is issued now may be spent; null where the days say it. */
  readonly usableUntil: Date | null;
  readonly createdAt: Date;
  readonly status: CouponStatus;
}

/** What is shown of a coupon. */
type ShownCoupon = Pick<
  Coupon,
  | 'id'
  | 'name'
  | 'totalQuantity'
  | 'returnedQuantity'
  | 'issuedQuantity'
  | 'discountAmount'
  | 'discountRate'
  | 'isActive'
  | 'audience'
  | 'codeFormat'
  | 'strategy'
  | keyof EntryTerms
  | keyof UsageTerms
  | 'latestExpiresAt'
  | 'startsAt'
  | 'expiresAt'
  | 'createdAt'
>;

/**
 * The coupon at the time `now`.
 *
 * @param reservedQuantity slots held but not yet issued; null when that is not known
 */
export function couponView(coupon: ShownCoupon, reservedQuantity: number | null, now: Date): CouponView {
  const committed = coupon.issuedQuantity + (reservedQuantity ?? 0);
  const remainingQuantity = Math.max(0, coupon.totalQuantity + coupon.returnedQuantity - committed);
  return {
    couponId: coupon.id,
    name: coupon.name,
    totalQuantity: coupon.totalQuantity,
    returnedQuantity: coupon.returnedQuantity,
    issuedQuantity: coupon.issuedQuantity,
    reservedQuantity,
    remainingQuantity,
    discountAmount: coupon.discountAmount,
    discountRate: coupon.discountRate,
    isActive: coupon.isActive,
    audience: coupon.audience,
    codeFormat: coupon.codeFormat,
    strategy: coupon.strategy,
    entry: coupon.entry,
    entryOpensAt: coupon.entry === 'ticket' ? opensAt(coupon) : null,
    entrySpreadSeconds: coupon.entrySpreadSeconds,
    challenge: coupon.challenge,
    startsAt: coupon.startsAt,
    expiresAt: coupon.expiresAt,
    usableDays: coupon.usableDays,
    usableUntil: coupon.usableDays === null ? usableUntilOf(coupon) : null,
    isRedeemable: coupon.isRedeemable,
    minOrderAmount: coupon.minOrderAmount,
    maxDiscountAmount: coupon.maxDiscountAmount,
    productIds: coupon.productIds,
    createdAt: coupon.createdAt,
    status: couponStatusOf(coupon, remainingQuantity, now),
  };
}

function opensAt({ startsAt, entryOpensAt }: ShownCoupon): Date {
  return new Date(entryOpensAtOf(startsAt.getTime(), entryOpensAt?.getTime() ?? null));
}

/**
 * Slots of the coupon that are held but not yet issued, or null when Redis can't say. The rows were counted before
 * `redisCoupon` were read, so that one which was committed in between is counted as reserved, and never left out.
 */
export function reservedQuantityOf(coupon: Coupon, redisCoupon: RedisCoupon | undefined, now: Date): number | null {
  if (coupon.strategy === 'lock') return 0;
  if (redisCoupon === undefined) return null;
  if (redisCoupon.loaded) return Math.max(0, redisCoupon.users - coupon.issuedQuantity);
  // A coupon that has ended is not loaded again; what is still pending of it goes on being issued.
  return now >= coupon.expiresAt ? redisCoupon.pending : null;
}
