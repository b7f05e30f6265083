import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isDuplicateKey } from '../../platform/database/database-errors.js';
import type { CodeFormat } from '../coupon.entity.js';
import { usableUntilIn, type UseByTerms } from '../usage-terms.js';

/** The coupon as the one who holds its row lock sees it. */
export interface LockStrategyCoupon extends UseByTerms {
  readonly name: string;
  readonly capacity: number;
  readonly issuedQuantity: number;
  /** The greatest number given out. Nothing rebuilds a lock coupon, so `sequence_base` is free to keep count. */
  readonly lastSequenceNumber: number;
  /** Of the last event that tells of the coupon. */
  readonly eventPosition: number;
  readonly codeFormat: CodeFormat;
  readonly isActive: boolean;
  readonly startsAt: Date;
  readonly expiresAt: Date;
}

export interface NewUserCoupon {
  readonly couponId: number;
  readonly userId: number;
  readonly sequenceNumber: number;
  readonly code: string | null;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

export type InsertResult = { readonly userCouponId: number } | 'USER_HAS_ROW' | 'CODE_IS_TAKEN';

/** The pessimistic strategy's SQL. Every method works inside the transaction whose EntityManager it is given. */
@Injectable()
export class LockIssuanceRepository {
  /** Waits for the coupon's row lock, held until the transaction ends; undefined when there is no such coupon. */
  async lockCoupon(manager: EntityManager, couponId: number): Promise<LockStrategyCoupon | undefined> {
    const [row] = await manager.query<Array<Omit<LockStrategyCoupon, 'isActive'> & { isActive: number }>>(
      `SELECT name, capacity, issued_quantity AS issuedQuantity, sequence_base AS lastSequenceNumber,
              event_position AS eventPosition, code_format AS codeFormat, is_active AS isActive, starts_at AS startsAt,
              expires_at AS expiresAt, usable_days AS usableDays, ${usableUntilIn()} AS usableUntil
         FROM coupons WHERE id = ? FOR UPDATE`,
      [couponId],
    );
    return row && { ...row, isActive: row.isActive === 1 };
  }

  /**
   * Whether the user has a row, and what time it is on MySQL's clock, the one clock of all instances. Asked once the
   * lock is held: a statement's time is that of its beginning, and the one that locks may have waited for seconds.
   */
  async lookUpUser(manager: EntityManager, couponId: number, userId: number): Promise<{ now: Date; hasRow: boolean }> {
    const rows = await manager.query<Array<{ now: Date; userCouponId: number | null }>>(
      `SELECT UTC_TIMESTAMP(3) AS now,
              (SELECT id FROM user_coupons WHERE coupon_id = ? AND user_id = ?) AS userCouponId`,
      [couponId, userId],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('a SELECT without FROM answered no row');
    return { now: row.now, hasRow: row.userCouponId !== null };
  }

  /** The unique keys are the last line (P2): after a duplicate nothing is inserted, and the transaction may go on. */
  async insert(manager: EntityManager, row: NewUserCoupon): Promise<InsertResult> {
    try {
      const { insertId } = await manager.query<{ insertId: number }>(
        `INSERT INTO user_coupons (coupon_id, user_id, sequence_number, code, issued_at, expires_at)
         VALUES (?, ?, ?, ?, ?, ?)`,
        [row.couponId, row.userId, row.sequenceNumber, row.code, row.issuedAt, row.expiresAt],
      );
      return { userCouponId: insertId };
    } catch (error) {
      if (isDuplicateKey(error, 'uq_user_coupons_user')) return 'USER_HAS_ROW';
      if (isDuplicateKey(error, 'uq_user_coupons_code')) return 'CODE_IS_TAKEN';
      throw error;
    }
  }

  /**
   * P1: counts one more, unless more than the capacity would be issued: then false, and the caller must roll back. Guarded
   * because on a Galera cluster the row lock keeps out only those on the same node. `lastPosition` becomes that of the
   * coupon's events.
   */
  async takeFromCapacity(
    manager: EntityManager,
    couponId: number,
    { sequenceNumber, lastPosition }: { readonly sequenceNumber: number; readonly lastPosition: number },
  ): Promise<boolean> {
    const { affectedRows } = await manager.query<{ affectedRows: number }>(
      `UPDATE coupons SET issued_quantity = issued_quantity + 1, sequence_base = ?, event_position = ?
        WHERE id = ? AND issued_quantity < capacity`,
      [sequenceNumber, lastPosition, couponId],
    );
    return affectedRows === 1;
  }
}
