import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { And, type FindOptionsWhere, In, LessThanOrEqual, MoreThan, Repository } from 'typeorm';
import { type FailureReason, IssuanceFailure } from './issuance-failure.entity.js';
import { type Holding, issuedReading, type ReservationEnding } from './reservation-reading.js';
import type { Reservation } from './reservation/reservation.js';
import { UserCoupon } from './user-coupon.entity.js';

/** What the ledger says of reservations and their users. Reads only. */
@Injectable()
export class LedgerRepository {
  constructor(
    @InjectRepository(UserCoupon) private readonly userCoupons: Repository<UserCoupon>,
    @InjectRepository(IssuanceFailure) private readonly failures: Repository<IssuanceFailure>,
  ) {}

  async findRow(couponId: number, userId: number): Promise<ReservationEnding | undefined> {
    const row = await this.userCoupons.findOneBy({ couponId, userId });
    return row === null ? undefined : issuedReading(Object.assign(row, { userCouponId: row.id }));
  }

  /** The user coupon with this id. */
  async findUserCoupon(userCouponId: number): Promise<UserCoupon | null> {
    return await this.userCoupons.findOneBy({ id: userCouponId });
  }

  async findLatestFailure(
    couponId: number,
    userId: number,
  ): Promise<{ sequenceNumber: number; failureReason: FailureReason } | undefined> {
    const failure = await this.failures.findOne({ where: { couponId, userId }, order: { sequenceNumber: 'DESC' } });
    return failure === null ? undefined : { sequenceNumber: failure.sequenceNumber, failureReason: failure.reason };
  }

  /** The rows of these users, who are given by coupon, in the order of the ids of both. */
  async rowsOf(users: ReadonlyMap<number, readonly number[]>) {
    const [condition, parameters] = ofUsers(users);
    const rows: Array<Holding & Parameters<typeof issuedReading>[0]> = await this.userCoupons.query(
      `SELECT coupon_id AS couponId, user_id AS userId, sequence_number AS sequenceNumber, id AS userCouponId, code,
                issued_at AS issuedAt, expires_at AS expiresAt
           FROM user_coupons WHERE ${condition} ORDER BY coupon_id, user_id`,
      parameters,
    );
    return rows.map(({ couponId, userId, ...row }) => ({ couponId, userId, reading: issuedReading(row) }));
  }

  /** As `rowsOf`, the latest failure of each who has one. */
  async latestFailuresOf(users: ReadonlyMap<number, readonly number[]>) {
    const [condition, parameters] = ofUsers(users);
    const rows: Array<Holding & { sequenceNumber: number; failureReason: FailureReason }> = await this.failures.query(
      `SELECT coupon_id AS couponId, user_id AS userId, sequence_number AS sequenceNumber, reason AS failureReason
         FROM issuance_failures WHERE ${condition} ORDER BY coupon_id, user_id, sequence_number`,
      parameters,
    );
    const latest = new Map(rows.map((row) => [`${row.couponId}:${row.userId}`, row]));
    return [...latest.values()].map(({ couponId, userId, ...failure }) => ({
      couponId,
      userId,
      reading: { status: 'FAILED' as const, ...failure },
    }));
  }

  /** The next users with a row after `afterUserId`, in order of their ids, at most `limit`. */
  async usersAfter(couponId: number, afterUserId: number, limit: number): Promise<number[]> {
    return await this.userIds({ couponId, userId: MoreThan(afterUserId) }, limit);
  }

  /** Whose rows have numbers in (after, upTo], lowest first, at most `limit`. */
  async rowsBetween(couponId: number, after: number, upTo: number, limit: number): Promise<Reservation[]> {
    return await this.userCoupons.find({
      select: { userId: true, sequenceNumber: true },
      where: { couponId, sequenceNumber: And(MoreThan(after), LessThanOrEqual(upTo)) },
      order: { sequenceNumber: 'ASC' },
      take: limit,
    });
  }

  /** The greatest number of each of these coupons, issued or failed; of a coupon without any there is none. */
  async greatestNumbers(couponIds: readonly number[]): Promise<Map<number, number>> {
    const greatest = new Map<number, number>();
    if (couponIds.length === 0) return greatest;
    for (const table of ['user_coupons', 'issuance_failures']) {
      const rows: Array<{ couponId: number; number: number }> = await this.userCoupons.query(
        `SELECT coupon_id AS couponId, MAX(sequence_number) AS number
           FROM ${table} WHERE coupon_id IN (?) GROUP BY coupon_id`,
        [couponIds],
      );
      for (const { couponId, number } of rows) greatest.set(couponId, Math.max(number, greatest.get(couponId) ?? 0));
    }
    return greatest;
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

/** As a condition over the index of (coupon, user), which row values in an IN are not on MariaDB; there must be some. */
function ofUsers(users: ReadonlyMap<number, readonly number[]>): [condition: string, parameters: unknown[]] {
  const groups = [...users];
  return [groups.map(() => '(coupon_id = ? AND user_id IN (?))').join(' OR '), groups.flat()];
}
