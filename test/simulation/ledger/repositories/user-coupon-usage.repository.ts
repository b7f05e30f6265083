import type { EntityManager } from 'typeorm';
import { type NotUsableReason, notUsableReasonOf } from '../../../../src/coupon/user-coupon-status.js';
import type { UsableCoupon, UserCouponUsage } from '../../../../src/coupon/user-coupon-usage.repository.js';
import type { CouponRow, UserCouponRow } from '../rows.js';
import { locking, reading } from '../statement.js';
import type { View } from '../view.js';
import { type PublicPart, runnerOf } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedUserCouponUsage implements PublicPart<UserCouponUsage> {
  async find(
    manager: EntityManager,
    couponId: number,
    userId: number,
    now: Date,
  ): Promise<UsableCoupon | NotUsableReason> {
    return await runnerOf(manager).run(
      reading('userCouponUsage.find', (view) => {
        return usable(view, view.find(view.tables.userCoupons.byUser, [couponId, userId]), now);
      }),
    );
  }

  async findById(manager: EntityManager, userCouponId: number, now: Date): Promise<UsableCoupon | NotUsableReason> {
    return await runnerOf(manager).run(
      reading('userCouponUsage.findById', (view) => {
        return usable(view, view.find(view.tables.userCoupons.byId, [userCouponId]), now);
      }),
    );
  }

  /** It locks the user coupon alone, and reads the coupon as it is committed. */
  async use(manager: EntityManager, userCouponId: number, usedAt: Date): Promise<NotUsableReason | undefined> {
    const isUsed = await runnerOf(manager).run(
      locking('userCouponUsage.use', (view) =>
        view.update(view.tables.userCoupons.byId, [userCouponId], (held) =>
          reasonOf(held, couponOf(view, held), usedAt) === undefined ? { ...held, usedAt } : undefined,
        ),
      ),
    );
    if (isUsed) return undefined;
    return await runnerOf(manager).run(
      reading('userCouponUsage.whyNot', (view) => {
        const held = view.find(view.tables.userCoupons.byId, [userCouponId]);
        return reasonOf(held, held && couponOf(view, held), usedAt) ?? 'USED';
      }),
    );
  }

  async giveBack(manager: EntityManager, userCouponId: number): Promise<void> {
    await runnerOf(manager).run(
      locking('userCouponUsage.giveBack', function* (view) {
        yield* view.update(view.tables.userCoupons.byId, [userCouponId], (held) => ({ ...held, usedAt: null }));
      }),
    );
  }
}

function usable(view: View, held: UserCouponRow | undefined, now: Date): UsableCoupon | NotUsableReason {
  const coupon = held && couponOf(view, held);
  const reason = reasonOf(held, coupon, now);
  if (held === undefined || coupon === undefined || reason !== undefined) return reason ?? 'NOT_HELD';
  const { discountAmount, discountRate, minOrderAmount, maxDiscountAmount, productIds } = coupon;
  const conditions = { minOrderAmount, maxDiscountAmount, productIds };
  return { userCouponId: held.id, discountAmount, discountRate, ...conditions };
}

function couponOf(view: View, { couponId }: UserCouponRow): CouponRow | undefined {
  return view.find(view.tables.coupons.byId, [couponId]);
}

function reasonOf(held: UserCouponRow | undefined, coupon: CouponRow | undefined, now: Date) {
  return notUsableReasonOf(held && coupon && { ...held, isRedeemable: coupon.isRedeemable }, now);
}
