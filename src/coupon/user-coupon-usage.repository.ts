import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { UsageTerms } from './usage-terms.js';
import { IN_STATUS, type NotUsableReason, notUsableReasonOf, type UserCouponDates } from './user-coupon-status.js';

/** On what a user coupon may be spent. */
export type UsageConditions = Pick<UsageTerms, 'minOrderAmount' | 'maxDiscountAmount' | 'productIds'>;

/** A user coupon that an order may use, with its discount, one of the two of which is null, and its conditions. */
export interface UsableCoupon extends UsageConditions {
  readonly userCouponId: number;
  /** In won. */
  readonly discountAmount: number | null;
  /** In percent. */
  readonly discountRate: number | null;
}

interface HeldRow extends UserCouponDates, Omit<UsableCoupon, 'productIds'> {
  readonly isRedeemable: number;
  readonly productIds: string | null;
}

const HELD = `SELECT held.id AS userCouponId, held.used_at AS usedAt, held.revoked_at AS revokedAt,
                     held.expires_at AS expiresAt, coupon.is_redeemable AS isRedeemable,
                     coupon.discount_amount AS discountAmount, coupon.discount_rate AS discountRate,
                     coupon.min_order_amount AS minOrderAmount, coupon.max_discount_amount AS maxDiscountAmount,
                     coupon.product_ids AS productIds
                FROM user_coupons held JOIN coupons coupon ON coupon.id = held.coupon_id`;

/** In a subquery, which locks no coupon at READ COMMITTED (a join would): a drop updates it all the time. */
const IS_REDEEMABLE = '(SELECT is_redeemable FROM coupons WHERE coupons.id = user_coupons.coupon_id)';

/** Lets an order use what its user holds. Every method works inside the transaction of the order. */
@Injectable()
export class UserCouponUsage {
  /** What the user holds of the coupon, or why it cannot be spent at `now`; it may be used elsewhere later on. */
  async find(
    manager: EntityManager,
    couponId: number,
    userId: number,
    now: Date,
  ): Promise<UsableCoupon | NotUsableReason> {
    const rows = await manager.query<HeldRow[]>(`${HELD} WHERE held.coupon_id = ? AND held.user_id = ?`, [
      couponId,
      userId,
    ]);
    return usable(rows[0], now);
  }

  /** As {@link find}, for an order that names its user coupon. */
  async findById(manager: EntityManager, userCouponId: number, now: Date): Promise<UsableCoupon | NotUsableReason> {
    const rows = await manager.query<HeldRow[]>(`${HELD} WHERE held.id = ?`, [userCouponId]);
    return usable(rows[0], now);
  }

  /** Uses the user coupon; why not, and nothing changes, unless it could be spent at `usedAt`. */
  async use(manager: EntityManager, userCouponId: number, usedAt: Date): Promise<NotUsableReason | undefined> {
    const { affectedRows } = await manager.query<{ affectedRows: number }>(
      `UPDATE user_coupons SET used_at = ? WHERE id = ? AND ${IN_STATUS.AVAILABLE({ now: '?' })} AND ${IS_REDEEMABLE}`,
      [usedAt, userCouponId, usedAt],
    );
    if (affectedRows === 1) return undefined;
    const [row] = await manager.query<HeldRow[]>(`${HELD} WHERE held.id = ?`, [userCouponId]);
    // It can be spent again by now: whoever had it used, or suspended it, took that back since the statement before.
    return notUsableReasonOf(row && { ...row, isRedeemable: row.isRedeemable === 1 }, usedAt) ?? 'USED';
  }

  /** Takes back that the user coupon was used: its order was refunded, and is refunded once only. */
  async giveBack(manager: EntityManager, userCouponId: number): Promise<void> {
    await manager.query('UPDATE user_coupons SET used_at = NULL WHERE id = ?', [userCouponId]);
  }
}

function usable(row: HeldRow | undefined, now: Date): UsableCoupon | NotUsableReason {
  const reason = notUsableReasonOf(row && { ...row, isRedeemable: row.isRedeemable === 1 }, now);
  if (row === undefined || reason !== undefined) return reason ?? 'NOT_HELD';
  const { userCouponId, discountAmount, discountRate, minOrderAmount, maxDiscountAmount } = row;
  const productIds = row.productIds === null ? null : (JSON.parse(row.productIds) as number[]);
  return { userCouponId, discountAmount, discountRate, minOrderAmount, maxDiscountAmount, productIds };
}
