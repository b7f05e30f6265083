import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { isDatabaseUnavailable, isLockConflict } from '../../platform/database/database-errors.js';
import { DomainError } from '../../platform/errors/domain-error.js';
import type { ErrorCode } from '../../platform/errors/error-codes.js';

const REMEMBERED_COUPONS = 1_000;

/** How often a coupon was refused, by the code of the refusal. */
export type Refusals = Readonly<Partial<Record<ErrorCode, number>>>;

const NONE: Refusals = {};

/**
 * What this process refused of each coupon since it started, for whoever watches a drop. Metrics have no label for the
 * coupon, of which there may be any number; here the ones that nobody asks for are forgotten.
 */
@Injectable()
export class RefusalTally {
  private readonly byCoupon = new LRUCache<number, Partial<Record<ErrorCode, number>>>({ max: REMEMBERED_COUPONS });

  count(couponId: number, code: ErrorCode): void {
    let refusals = this.byCoupon.get(couponId);
    if (refusals === undefined) this.byCoupon.set(couponId, (refusals = {}));
    refusals[code] = (refusals[code] ?? 0) + 1;
  }

  /** As `count`, by what a caller hears for this error; a fault of our own is no refusal. */
  countError(couponId: number, error: unknown): void {
    const code = codeOf(error);
    if (code !== undefined) this.count(couponId, code);
  }

  of(couponId: number): Refusals {
    return this.byCoupon.peek(couponId) ?? NONE;
  }
}

function codeOf(error: unknown): ErrorCode | undefined {
  if (error instanceof DomainError) return error.code;
  return isDatabaseUnavailable(error) || isLockConflict(error) ? 'DATABASE_UNAVAILABLE' : undefined;
}
