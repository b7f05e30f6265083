import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { newestFirst } from '../platform/database/newest-first.js';
import type { UserCouponsPage } from './coupon.schemas.js';
import { IN_STATUS } from './user-coupon-status.js';
import type { HeldCoupon } from './user-coupon-view.js';
import { UserCoupon } from './user-coupon.entity.js';

const TERMS = { of: 'held.', now: ':now' };

/** Reads the table `user_coupons`; the issuance writes it, and user-coupon-usage.repository.ts marks what is used. */
@Injectable()
export class UserCouponRepository {
  constructor(@InjectRepository(UserCoupon) private readonly userCoupons: Repository<UserCoupon>) {}

  /** The user's coupons, newest first by (issued_at, id), from the one before `cursor` on, as they are at `now`. */
  async findPageOfUser(userId: number, { status, ...page }: UserCouponsPage, now: Date): Promise<HeldCoupon[]> {
    const query = this.userCoupons
      .createQueryBuilder('held')
      .innerJoin('coupons', 'coupon', 'coupon.id = held.coupon_id')
      .select('held.id', 'userCouponId')
      .addSelect('held.coupon_id', 'couponId')
      .addSelect('coupon.name', 'couponName')
      .addSelect('coupon.discount_amount', 'discountAmount')
      .addSelect('coupon.discount_rate', 'discountRate')
      .addSelect('held.code', 'code')
      .addSelect('held.issued_at', 'issuedAt')
      .addSelect('held.used_at', 'usedAt')
      .addSelect('held.revoked_at', 'revokedAt')
      .addSelect('held.expires_at', 'expiresAt')
      .where('held.user_id = :userId', { userId });
    if (status !== undefined) query.andWhere(IN_STATUS[status](TERMS), { now });
    return await newestFirst(query, { time: 'held.issued_at', id: 'held.id' }, page).getRawMany<HeldCoupon>();
  }

  /** The codes of the coupon by sequence number, lowest first, at most `limit`. */
  async findCodes(couponId: number, limit: number): Promise<string[]> {
    const query = this.userCoupons.createQueryBuilder('row').select('row.code', 'code').where({ couponId });
    const rows = await query.orderBy('row.sequenceNumber').limit(limit).getRawMany<{ code: string | null }>();
    return rows.flatMap(({ code }) => code ?? []);
  }
}
