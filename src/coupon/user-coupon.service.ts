import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock.js';
import { pageOf } from '../platform/http/page.js';
import type { UserCouponsPage } from './coupon.schemas.js';
import { userCouponView, type UserCouponView } from './user-coupon-view.js';
import { UserCouponRepository } from './user-coupon.repository.js';

/** A page of a user's coupons; `nextCursor` is null on the last one. */
export interface UserCouponPage {
  readonly coupons: UserCouponView[];
  readonly nextCursor: string | null;
}

/** Shows what users hold, and which codes a coupon has given out. */
@Injectable()
export class UserCouponService {
  constructor(
    private readonly userCoupons: UserCouponRepository,
    private readonly clock: Clock,
  ) {}

  /** The user's coupons, newest first; an empty page for a user who holds none, registered or not. */
  async list(userId: number, query: UserCouponsPage): Promise<UserCouponPage> {
    const now = this.clock.now();
    const found = await this.userCoupons.findPageOfUser(userId, { ...query, limit: query.limit + 1 }, now);
    const { page, nextCursor } = pageOf(found, query.limit, (last) => [last.issuedAt.getTime(), last.userCouponId]);
    return { coupons: page.map((held) => userCouponView(held, now)), nextCursor };
  }

  /** The codes of a coupon that has some, in the order of the sequence numbers, the first `limit` of them. */
  async codes(couponId: number, limit: number): Promise<string[]> {
    return await this.userCoupons.findCodes(couponId, limit);
  }
}
