import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type FindOptionsWhere, In, MoreThan, Repository } from 'typeorm';
import { type FailureReason, IssuanceFailure } from './issuance-failure.entity.js';
import { UserCoupon } from './user-coupon.entity.js';

/** What the ledger says of reservations and their users. Reads only. */
@Injectable()
export class LedgerRepository {
  constructor(
    @InjectRepository(UserCoupon) private readonly userCoupons: Repository<UserCoupon>,
    @InjectRepository(IssuanceFailure) private readonly failures: Repository<IssuanceFailure>,
  ) {}

  async findRow(couponId: number, userId: number) {
    const row = await this.userCoupons.findOneBy({ couponId, userId });
    if (row === null) return undefined;
    const { id, sequenceNumber, code, issuedAt } = row;
    return { sequenceNumber, userCouponId: id, code, issuedAt: issuedAt.toISOString() };
  }

  async findLatestFailure(
    couponId: number,
    userId: number,
  ): Promise<{ sequenceNumber: number; failureReason: FailureReason } | undefined> {
    const failure = await this.failures.findOne({ where: { couponId, userId }, order: { sequenceNumber: 'DESC' } });
    return failure === null ? undefined : { sequenceNumber: failure.sequenceNumber, failureReason: failure.reason };
  }

  /** The next users with a row after `afterUserId`, in order of their ids, at most `limit`. */
  async usersAfter(couponId: number, afterUserId: number, limit: number): Promise<number[]> {
    return await this.userIds({ couponId, userId: MoreThan(afterUserId) }, limit);
  }

  async countRows(couponId: number): Promise<number> {
    return await this.userCoupons.countBy({ couponId });
  }

  /** Which of these users have a row. */
  async usersWithRow(couponId: number, userIds: readonly number[]): Promise<Set<number>> {
    if (userIds.length === 0) return new Set();
    return new Set(await this.userIds({ couponId, userId: In([...userIds]) }));
  }

  private async userIds(where: FindOptionsWhere<UserCoupon>, limit?: number): Promise<number[]> {
    const query = this.userCoupons.createQueryBuilder('row').select('row.userId', 'userId').where(where);
    const rows = await query.orderBy('row.userId').limit(limit).getRawMany<{ userId: number }>();
    return rows.map(({ userId }) => userId);
  }
}
