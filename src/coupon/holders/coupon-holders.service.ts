import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { pageOf } from '../../platform/http/page.js';
import { encodeCursor } from '../../platform/http/schemas.js';
import { CouponService } from '../coupon.service.js';
import { type CouponHolderView, couponHolderView } from './coupon-holder.js';
import { CouponHolderRepository } from './coupon-holder.repository.js';
import type { HoldersQuery } from './coupon-holder.schemas.js';

/** Rows that one call looks at: with a filter that few of ten million pass it would otherwise read them all. */
export const MAX_ROWS_READ = 10_000;

/** A page of holders; `nextCursor` is null on the last one. */
export interface CouponHolderPage {
  readonly userCoupons: CouponHolderView[];
  readonly nextCursor: string | null;
}

/** Shows who holds a coupon. */
@Injectable()
export class CouponHolders {
  constructor(
    private readonly coupons: CouponService,
    private readonly holders: CouponHolderRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * The coupon's holders in the order of their numbers. A page may be short, or empty, and not be the last: with a filter a
   * call looks at {@link MAX_ROWS_READ} rows and no more.
   *
   * @throws CouponNotFoundError
   */
  async list(couponId: number, { status, userId, cursor: after = 0, limit }: HoldersQuery): Promise<CouponHolderPage> {
    await this.coupons.stored(couponId);
    const now = this.clock.now();
    // A user has one row at most, and without a filter no row is read in vain.
    const isScan = status !== undefined && userId === undefined;
    const before = isScan ? await this.holders.numberAfter(couponId, after, MAX_ROWS_READ) : undefined;
    const search = { after, before, userId, status, now, limit: limit + 1 };
    const { page, nextCursor } = pageOf(
      await this.holders.find(couponId, search),
      limit,
      (last) => last.sequenceNumber,
    );
    const goesOn = before === undefined ? null : encodeCursor(before - 1);
    return { userCoupons: page.map((holder) => couponHolderView(holder, now)), nextCursor: nextCursor ?? goesOn };
  }
}
