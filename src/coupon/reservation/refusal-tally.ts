import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { randomBytes } from 'node:crypto';
import { isDatabaseUnavailable, isLockConflict } from '../../platform/database/database-errors.js';
import { DomainError } from '../../platform/errors/domain-error.js';
import type { ErrorCode } from '../../platform/errors/error-codes.js';

const REMEMBERED_COUPONS = 10_000;

/** How often a coupon was refused, by the code of the refusal. */
export type Refusals = Readonly<Partial<Record<ErrorCode, number>>>;

/** What one process has refused of one coupon since it began to count. */
export interface OwnRefusals {
  /** Of nobody else, and of no other time: a process that counts anew does so under another one. */
  readonly countedBy: string;
  readonly counts: Refusals;
}

interface Entry extends OwnRefusals {
  readonly counts: Partial<Record<ErrorCode, number>>;
  isNew: boolean;
}

/**
 * What this process refused of each coupon since it started, for whoever watches a drop. Metrics have no label for the
 * coupon, of which there may be any number; here the ones that nobody asks for are forgotten.
 */
@Injectable()
export class RefusalTally {
  private readonly byCoupon = new LRUCache<number, Entry>({ max: REMEMBERED_COUPONS });

  count(couponId: number, code: ErrorCode): void {
    let entry = this.byCoupon.get(couponId);
    if (entry === undefined) {
      entry = { countedBy: randomBytes(6).toString('base64url'), counts: {}, isNew: true };
      this.byCoupon.set(couponId, entry);
    }
    entry.counts[code] = (entry.counts[code] ?? 0) + 1;
    entry.isNew = true;
  }

  /** As `count`, by what a caller hears for this error; a fault of our own is no refusal. */
  countError(couponId: number, error: unknown): void {
    const code = codeOf(error);
    if (code !== undefined) this.count(couponId, code);
  }

  /** Undefined where nothing was refused. */
  of(couponId: number): OwnRefusals | undefined {
    return this.byCoupon.peek(couponId);
  }

  /** The coupons of which more was refused since the last call, or since {@link putBack} was called for them. */
  takeNew(): number[] {
    const couponIds: number[] = [];
    for (const [couponId, entry] of this.byCoupon.entries()) {
      if (!entry.isNew) continue;
      entry.isNew = false;
      couponIds.push(couponId);
    }
    return couponIds;
  }

  /** For who took it and could not make use of it. */
  putBack(couponId: number): void {
    const entry = this.byCoupon.peek(couponId);
    if (entry !== undefined) entry.isNew = true;
  }
}

function codeOf(error: unknown): ErrorCode | undefined {
  if (error instanceof DomainError) return error.code;
  return isDatabaseUnavailable(error) || isLockConflict(error) ? 'DATABASE_UNAVAILABLE' : undefined;
}
