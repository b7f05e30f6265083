import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { withLongStatements } from '../../platform/database/pool/long-statements.js';

/** A row of `user_coupons` that is locked to be revoked. */
export interface HeldRow {
  readonly userCouponId: number;
  readonly userId: number;
  readonly sequenceNumber: number;
  readonly usedAt: Date | null;
  readonly revokedAt: Date | null;
  readonly isSlotReturned: boolean;
}

/** Rows by what is written into them. */
export interface RevokedRows {
  /** They become revoked. */
  readonly revoked: readonly HeldRow[];
  /** Their slots are given back. */
  readonly returned: readonly HeldRow[];
  readonly revokedAt: Date;
}

const HELD = `SELECT id AS userCouponId, user_id AS userId, sequence_number AS sequenceNumber, used_at AS usedAt,
                     revoked_at AS revokedAt, slot_returned AS isSlotReturned
                FROM user_coupons`;
/** Neither used nor revoked; expired or not. */
const UNUSED = 'used_at IS NULL AND revoked_at IS NULL';

/** What a revocation writes. The caller holds the coupon's row lock: it comes before those of its rows. */
@Injectable()
export class RevocationRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Locks the rows of these users. */
  async lockRowsOf(manager: EntityManager, couponId: number, userIds: readonly number[]): Promise<HeldRow[]> {
    return await this.lock(manager, 'coupon_id = ? AND user_id IN (?)', [couponId, userIds]);
  }

  /**
   * The numbers of the next rows after `after` that are neither used nor revoked, `size` at most. One statement passes by
   * all others, however many there are.
   */
  async findUnused(couponId: number, after: number, size: number): Promise<number[]> {
    const rows = await withLongStatements(this.dataSource, (manager) =>
      manager.query<Array<{ sequenceNumber: number }>>(
        `SELECT sequence_number AS sequenceNumber FROM user_coupons
          WHERE coupon_id = ? AND sequence_number > ? AND ${UNUSED} ORDER BY sequence_number LIMIT ?`,
        [couponId, after, size],
      ),
    );
    return rows.map(({ sequenceNumber }) => sequenceNumber);
  }

  /** Locks the rows of these numbers, as far as they are neither used nor revoked. */
  async lockUnused(manager: EntityManager, couponId: number, numbers: readonly number[]): Promise<HeldRow[]> {
    return await this.lock(manager, `coupon_id = ? AND sequence_number IN (?) AND ${UNUSED}`, [couponId, numbers]);
  }

  async write(manager: EntityManager, { revoked, returned, revokedAt }: RevokedRows): Promise<void> {
    if (revoked.length > 0)
      await manager.query('UPDATE user_coupons SET revoked_at = ? WHERE id IN (?)', [revokedAt, idsOf(revoked)]);
    if (returned.length > 0)
      await manager.query('UPDATE user_coupons SET slot_returned = TRUE WHERE id IN (?)', [idsOf(returned)]);
  }

  /** P1: counts the slots that were given back, and those alone raise the capacity; and the event that tells of it. */
  async count(
    manager: EntityManager,
    couponId: number,
    { returned, events }: { readonly returned: number; readonly events: number },
  ): Promise<void> {
    await manager.query(
      `UPDATE coupons SET returned_quantity = returned_quantity + ?, version = version + ?,
              event_position = event_position + ? WHERE id = ?`,
      [returned, Number(returned > 0), events, couponId],
    );
  }

  /** How many rows after this number are neither used nor revoked. */
  async countUnused(couponId: number, after: number): Promise<number> {
    const [row] = await withLongStatements(this.dataSource, (manager) =>
      manager.query<Array<{ unused: number | string }>>(
        `SELECT COUNT(*) AS unused FROM user_coupons WHERE coupon_id = ? AND sequence_number > ? AND ${UNUSED}`,
        [couponId, after],
      ),
    );
    return Number(row?.unused ?? 0);
  }

  private async lock(manager: EntityManager, condition: string, values: readonly unknown[]): Promise<HeldRow[]> {
    const rows = await manager.query<Array<Omit<HeldRow, 'isSlotReturned'> & { isSlotReturned: number }>>(
      `${HELD} WHERE ${condition} FOR UPDATE`,
      [...values],
    );
    return rows.map((row) => ({ ...row, isSlotReturned: row.isSlotReturned === 1 }));
  }
}

function idsOf(rows: readonly HeldRow[]): number[] {
  return rows.map(({ userCouponId }) => userCouponId);
}
