import { useByOf, usableUntilOf, type UseByTerms } from '../../../src/coupon/usage-terms.js';
import type { CouponRow, UserCouponRow, WrittenRows } from '../ledger/rows.js';
import type { Tables } from '../ledger/table.js';
import { Violation } from './violation.js';

/** P14: until when what somebody holds may be spent. */
export class UseByObserver {
  /** By the id of the row. */
  private readonly expiresAt = new Map<number, number>();
  /** The terms that each coupon has had since somebody asked to apply them to what is issued. */
  private readonly applicable = new Map<number, UseByTerms[]>();

  constructor(private readonly tables: Tables) {}

  /** From now on what is issued may get the use-by time of the coupon. */
  mayApply(couponId: number): void {
    const coupon = this.tables.coupons.byId.find([couponId]);
    if (coupon === undefined || this.applicable.has(couponId)) return;
    this.applicable.set(couponId, [termsOf(coupon)]);
  }

  /** @throws Violation */
  committed({ coupons, userCoupons }: WrittenRows): void {
    for (const coupon of coupons?.updated ?? []) this.applicable.get(coupon.id)?.push(termsOf(coupon));
    for (const row of userCoupons?.inserted ?? []) this.issued(row);
    for (const row of userCoupons?.updated ?? []) this.changed(row);
  }

  /** The transaction holds the coupon's row, so its terms are those that were committed before. */
  private issued(row: UserCouponRow): void {
    this.expiresAt.set(row.id, row.expiresAt.getTime());
    const coupon = this.tables.coupons.byId.find([row.couponId]);
    if (coupon === undefined || isUnder(termsOf(coupon), row)) return;
    throw new Violation('P14', `${nameOf(row)}, which is not what its coupon says`);
  }

  private changed(row: UserCouponRow): void {
    const before = this.expiresAt.get(row.id);
    if (before === row.expiresAt.getTime()) return;
    this.expiresAt.set(row.id, row.expiresAt.getTime());
    if (this.applicable.get(row.couponId)?.some((terms) => isUnder(terms, row)) === true) return;
    throw new Violation('P14', `${nameOf(row)}, it was ${before}, and nobody asked for that`);
  }
}

function termsOf(coupon: CouponRow): UseByTerms {
  return { usableDays: coupon.usableDays, usableUntil: usableUntilOf(coupon) };
}

function isUnder(terms: UseByTerms, { issuedAt, expiresAt }: UserCouponRow): boolean {
  return useByOf(terms, issuedAt).getTime() === expiresAt.getTime();
}

function nameOf({ couponId, userId, expiresAt }: UserCouponRow): string {
  return `user ${userId} may spend coupon ${couponId} until ${expiresAt.getTime()}`;
}
