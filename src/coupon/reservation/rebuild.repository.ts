import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** The epoch of a rebuild, and the number above which its sequence goes on. */
export interface RebuildBase {
  readonly epoch: number;
  readonly sequenceBase: number;
}

/** What MySQL remembers of the rebuilds of a coupon. The caller holds the coupon's row lock. */
@Injectable()
export class RebuildRepository {
  /** From here on a row of a reservation from before counts as late: the rebuild may have read past its user. */
  async beginEpoch(manager: EntityManager, couponId: number): Promise<void> {
    await manager.query('UPDATE coupons SET epoch = epoch + 1, late_quantity = 0 WHERE id = ?', [couponId]);
  }

  /** The greatest number in the ledger, issued or failed; 0 when there is none. */
  async greatestNumber(manager: EntityManager, couponId: number): Promise<number> {
    const [row] = await manager.query<Array<{ greatest: number }>>(
      `SELECT GREATEST(
                (SELECT COALESCE(MAX(sequence_number), 0) FROM user_coupons WHERE coupon_id = ?),
                (SELECT COALESCE(MAX(sequence_number), 0) FROM issuance_failures WHERE coupon_id = ?)
              ) AS greatest`,
      [couponId, couponId],
    );
    return row?.greatest ?? 0;
  }

  /**
   * P5: remembers the last number of a sequence that goes on. Slots whose pending entries were lost are offered again
   * by this very rebuild, so the numbers of their users may be known to nobody afterwards.
   */
  async keepSequenceBase(manager: EntityManager, couponId: number, lastNumber: number): Promise<void> {
    await manager.query('UPDATE coupons SET sequence_base = GREATEST(sequence_base, ?) WHERE id = ?', [
      lastNumber,
      couponId,
    ]);
  }

  /**
   * P5: raises `sequence_base` above every number that can have been given out: the greatest that anyone knows (the
   * ledger, Redis, the instance that rebuilds, an earlier rebuild), plus the whole capacity. Numbers that nobody knows
   * belong to reservations that held a slot at the same time, so there are at most as many as slots. (The slots not
   * issued yet would not be enough: reservations from before an earlier loss may have been issued meanwhile.)
   */
  async raiseSequenceBase(manager: EntityManager, couponId: number, greatestKnown: number): Promise<void> {
    await manager.query('UPDATE coupons SET sequence_base = GREATEST(sequence_base, ?) + capacity WHERE id = ?', [
      greatestKnown,
      couponId,
    ]);
  }

  async base(manager: EntityManager, couponId: number): Promise<RebuildBase | undefined> {
    const [row] = await manager.query<RebuildBase[]>(
      'SELECT epoch, sequence_base AS sequenceBase FROM coupons WHERE id = ?',
      [couponId],
    );
    return row;
  }
}
