import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type UsableCoupon, UserCouponUsageRepository } from './user-coupon-usage.repository.js';

/** Lets an order use what its user holds. Both calls belong to the order's transaction. */
@Injectable()
export class UserCouponUsage {
  constructor(private readonly repository: UserCouponUsageRepository) {}

  /** The AVAILABLE user coupon that the user holds of the coupon, or undefined; it may be used elsewhere later on. */
  async find(manager: EntityManager, couponId: number, userId: number, now: Date): Promise<UsableCoupon | undefined> {
    return await this.repository.findAvailable(manager, couponId, userId, now);
  }

  /** Uses the user coupon, once for all time; false when it is used already, or has expired. */
  async use(manager: EntityManager, userCouponId: number, usedAt: Date): Promise<boolean> {
    return await this.repository.markUsed(manager, userCouponId, usedAt);
  }
}
