import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock.js';
import { pageOf } from '../platform/http/page.js';
import { encodeCursor, type NewestPosition } from '../platform/http/schemas.js';
import { CouponSearchRepository } from './coupon-search.repository.js';
import type { CouponView } from './coupon-view.js';
import type { CouponsQuery } from './coupon.schemas.js';
import { type CouponPage, CouponService } from './coupon.service.js';

/** Coupons that one call with a filter looks at in MySQL. */
export const MAX_COUPONS_READ = 10_000;
/** Coupons of which Redis is asked at a time, and how often in one call. */
const BATCH_SIZE = 100;
const MAX_BATCHES = 10;

/** Finds coupons by their state and their name. */
@Injectable()
export class CouponSearch {
  constructor(
    private readonly coupons: CouponService,
    private readonly found: CouponSearchRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * As {@link CouponService.list}, of those that pass the filter. A page may be short, or empty, and not be the last: a call
   * looks at so many coupons and no more.
   */
  async list({ status, q, cursor, limit }: CouponsQuery): Promise<CouponPage> {
    if (status === undefined && q === undefined) return await this.coupons.list({ cursor, limit });
    const now = this.clock.now();
    const upTo = await this.found.positionAfter(cursor, MAX_COUPONS_READ);
    const passed: CouponView[] = [];
    let goesOnAt: NewestPosition | undefined = cursor;
    for (let batch = 1; passed.length <= limit; batch += 1) {
      const stretch = { cursor: goesOnAt, upTo, limit: BATCH_SIZE };
      const views = await this.coupons.viewsOf(await this.found.find({ status, q }, stretch, now));
      passed.push(...views.filter((view) => status === undefined || view.status === status));
      const last = views.at(-1);
      if (views.length < BATCH_SIZE || last === undefined) {
        goesOnAt = upTo;
        break;
      }
      goesOnAt = positionOf(last);
      if (batch === MAX_BATCHES) break;
    }
    const { page, nextCursor } = pageOf(passed, limit, positionOf);
    return { coupons: page, nextCursor: nextCursor ?? (goesOnAt === undefined ? null : encodeCursor(goesOnAt)) };
  }
}

function positionOf({ createdAt, couponId }: CouponView): NewestPosition {
  return [createdAt.getTime(), couponId];
}
