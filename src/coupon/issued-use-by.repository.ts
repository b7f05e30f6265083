import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { withLongStatements } from '../platform/database/pool/long-statements.js';
import { usableUntilIn } from './usage-terms.js';

/**
 * As `useByOf`, from the coupon as it is now: of two changes at once the rows get the later one, whoever writes them. A
 * subquery locks no coupon at READ COMMITTED.
 */
const USE_BY = `(SELECT COALESCE(user_coupons.issued_at + INTERVAL coupon.usable_days DAY, ${usableUntilIn('coupon.')})
                   FROM coupons coupon WHERE coupon.id = user_coupons.coupon_id)`;

/** The use-by times of rows that are issued already. */
@Injectable()
export class IssuedUseByRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * The numbers of the next rows after `after` that have another use-by time than they would be issued with now, `size` at
   * most. One statement passes by all that have the right one, however many those are.
   */
  async findOthers(couponId: number, after: number, size: number): Promise<number[]> {
    const rows = await withLongStatements(this.dataSource, (manager) =>
      manager.query<Array<{ sequenceNumber: number }>>(
        `SELECT sequence_number AS sequenceNumber FROM user_coupons
          WHERE coupon_id = ? AND sequence_number > ? AND expires_at <> ${USE_BY}
          ORDER BY sequence_number LIMIT ?`,
        [couponId, after, size],
      ),
    );
    return rows.map(({ sequenceNumber }) => sequenceNumber);
  }

  /** Gives the rows of these numbers the use-by time that they would be issued with now; how many had another one. */
  async apply(manager: EntityManager, couponId: number, numbers: readonly number[]): Promise<number> {
    const { affectedRows } = await manager.query<{ affectedRows: number }>(
      `UPDATE user_coupons SET expires_at = ${USE_BY}
        WHERE coupon_id = ? AND sequence_number IN (?) AND expires_at <> ${USE_BY}`,
      [couponId, numbers],
    );
    return affectedRows;
  }

  /** How many rows after `after` have another use-by time than they would be issued with now. */
  async countOthers(couponId: number, after: number): Promise<number> {
    const [row] = await withLongStatements(this.dataSource, (manager) =>
      manager.query<Array<{ others: number | string }>>(
        `SELECT COUNT(*) AS others FROM user_coupons
          WHERE coupon_id = ? AND sequence_number > ? AND expires_at <> ${USE_BY}`,
        [couponId, after],
      ),
    );
    return Number(row?.others ?? 0);
  }
}
