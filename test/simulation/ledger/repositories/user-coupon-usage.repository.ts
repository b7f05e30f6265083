import type { EntityManager } from 'typeorm';
import { userCouponStatusOf } from '../../../../src/coupon/user-coupon-status.js';
import type { UsableCoupon, UserCouponUsage } from '../../../../src/coupon/user-coupon-usage.repository.js';
import type { CouponRow, UserCouponRow } from '../rows.js';
import { locking, reading } from '../statement.js';
import { type PublicPart, runnerOf } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedUserCouponUsage implements PublicPart<UserCouponUsage> {
  async find(manager: EntityManager, couponId: number, userId: number, now: Date): Promise<UsableCoupon | undefined> {
    return await runnerOf(manager).run(
      reading('userCouponUsage.find', (view) => {
        const held = view.find(view.tables.userCoupons.byUser, [couponId, userId]);
        const coupon = view.find(view.tables.coupons.byId, [couponId]);
        if (held === undefined || coupon === undefined || !isAvailable(held, coupon, now)) return undefined;
        const { discountAmount, discountRate } = coupon;
        return { userCouponId: held.id, discountAmount, discountRate };
      }),
    );
  }

  /** It locks the user coupon alone, and reads the coupon as it is committed. */
  async use(manager: EntityManager, userCouponId: number, usedAt: Date): Promise<boolean> {
    return await runnerOf(manager).run(
      locking('userCouponUsage.use', (view) =>
        view.update(view.tables.userCoupons.byId, [userCouponId], (held) => {
          const coupon = view.find(view.tables.coupons.byId, [held.couponId]);
          return coupon !== undefined && isAvailable(held, coupon, usedAt) ? { ...held, usedAt } : undefined;
        }),
      ),
    );
  }
}

function isAvailable({ usedAt }: UserCouponRow, { expiresAt }: CouponRow, now: Date): boolean {
  return userCouponStatusOf({ usedAt, expiresAt }, now) === 'AVAILABLE';
}
