import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { IN_STATUS } from './user-coupon-status.js';

/** A user coupon that an order may use, with its discount; one of the two is null. */
export interface UsableCoupon {
  readonly userCouponId: number;
  /** In won. */
  readonly discountAmount: number | null;
  /** In percent. */
  readonly discountRate: number | null;
}

const HELD_IS_AVAILABLE = IN_STATUS.AVAILABLE({ usedAt: 'held.used_at', expiresAt: 'coupon.expires_at', now: '?' });

/** In a subquery, which locks no coupon at READ COMMITTED (a join would): a drop updates it all the time. */
const IS_AVAILABLE = IN_STATUS.AVAILABLE({
  usedAt: 'used_at',
  expiresAt: '(SELECT expires_at FROM coupons WHERE coupons.id = user_coupons.coupon_id)',
  now: '?',
});

/** Lets an order use what its user holds. Every method works inside the transaction of the order. */
@Injectable()
export class UserCouponUsage {
  /** The user coupon that the user holds of the coupon, if it is AVAILABLE at `now`; it may be used elsewhere later on. */
  async find(manager: EntityManager, couponId: number, userId: number, now: Date): Promise<UsableCoupon | undefined> {
    const [found] = await manager.query<UsableCoupon[]>(
      `SELECT held.id AS userCouponId, coupon.discount_amount AS discountAmount, coupon.discount_rate AS discountRate
         FROM user_coupons held JOIN coupons coupon ON coupon.id = held.coupon_id
        WHERE held.coupon_id = ? AND held.user_id = ? AND ${HELD_IS_AVAILABLE}`,
      [couponId, userId, now],
    );
    return found;
  }

  /** Uses the user coupon, once for all time; false, and nothing changes, unless it was AVAILABLE at `usedAt`. */
  async use(manager: EntityManager, userCouponId: number, usedAt: Date): Promise<boolean> {
    const { affectedRows } = await manager.query<{ affectedRows: number }>(
      `UPDATE user_coupons SET used_at = ? WHERE id = ? AND ${IS_AVAILABLE}`,
      [usedAt, userCouponId, usedAt],
    );
    return affectedRows === 1;
  }
}
