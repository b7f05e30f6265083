import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { IN_STATUS, type UserCouponStatus } from '../user-coupon-status.js';
import { UserCoupon } from '../user-coupon.entity.js';
import type { CouponHolder } from './coupon-holder.js';

/** Which holders of a coupon are read; in the order of their numbers, those after `after` first. */
export interface HolderSearch {
  readonly after: number;
  /** Those from this number on are not looked at. */
  readonly before?: number | undefined;
  readonly userId?: number | undefined;
  /** Only in this state, as it is at `now`. */
  readonly status?: UserCouponStatus | undefined;
  readonly now: Date;
  readonly limit: number;
}

const TERMS = { of: 'held.', now: ':now' };

/** Reads who holds a coupon from the table `user_coupons`, by the sequence number. */
@Injectable()
export class CouponHolderRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async find(couponId: number, { after, before, userId, status, now, limit }: HolderSearch): Promise<CouponHolder[]> {
    const query = this.dataSource
      .createQueryBuilder()
      .select('held.id', 'userCouponId')
      .addSelect('held.user_id', 'userId')
      .addSelect('held.sequence_number', 'sequenceNumber')
      .addSelect('held.code', 'code')
      .addSelect('held.issued_at', 'issuedAt')
      .addSelect('held.used_at', 'usedAt')
      .addSelect('held.revoked_at', 'revokedAt')
      .addSelect('held.expires_at', 'expiresAt')
      .from(UserCoupon, 'held')
      // Said to the server, which might otherwise read a whole coupon and sort it.
      .useIndex(userId === undefined ? 'uq_user_coupons_sequence' : 'uq_user_coupons_user')
      .where('held.coupon_id = :couponId AND held.sequence_number > :after', { couponId, after })
      .orderBy('held.sequence_number')
      .limit(limit);
    if (before !== undefined) query.andWhere('held.sequence_number < :before', { before });
    if (userId !== undefined) query.andWhere('held.user_id = :userId', { userId });
    if (status !== undefined) query.andWhere(IN_STATUS[status](TERMS), { now });
    return await query.getRawMany<CouponHolder>();
  }

  /** The number of the first row behind the next `rows` rows after `after`; undefined when that is all there is. */
  async numberAfter(couponId: number, after: number, rows: number): Promise<number | undefined> {
    const found = await this.dataSource.query<Array<{ number: number }>>(
      `SELECT sequence_number AS number FROM user_coupons
        WHERE coupon_id = ? AND sequence_number > ? ORDER BY sequence_number LIMIT 1 OFFSET ?`,
      [couponId, after, rows],
    );
    return found[0]?.number;
  }
}
