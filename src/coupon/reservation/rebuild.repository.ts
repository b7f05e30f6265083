import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** The epoch of a rebuild, and above which number its sequence starts when the old one may be lost. */
export interface RebuildBase {
  readonly epoch: number;
  readonly sequenceBase: number;
}

/** What MySQL remembers of the rebuilds of a coupon. The caller holds the coupon's row lock. */
@Injectable()
export class RebuildRepository {
  async beginEpoch(manager: EntityManager, couponId: number): Promise<void> {
    await manager.query('UPDATE coupons SET epoch = epoch + 1 WHERE id = ?', [couponId]);
  }

  /**
   * P5: remembers the last number of a sequence that goes on. Slots whose pending entries were lost are offered again
   * by this very rebuild, so the numbers of their users may be known to nobody afterwards.
   */
  async keepSequenceBase(manager: EntityManager, couponId: number, sequence: number): Promise<void> {
    await manager.query('UPDATE coupons SET sequence_base = GREATEST(sequence_base, ?) WHERE id = ?', [
      sequence,
      couponId,
    ]);
  }

  /**
   * P5: raises `sequence_base` above every number that can have been given out: the greatest that the ledger or an
   * earlier rebuild knows, plus the whole total. Numbers that neither knows belong to reservations that held a slot at
   * the same time, so there are at most as many as slots. (The slots not issued yet would not be enough: reservations
   * from before an earlier loss may have been issued meanwhile.)
   */
  async raiseSequenceBase(manager: EntityManager, couponId: number): Promise<void> {
    await manager.query(
      `UPDATE coupons
          SET sequence_base = GREATEST(
                sequence_base,
                (SELECT COALESCE(MAX(sequence_number), 0) FROM user_coupons WHERE coupon_id = ?),
                (SELECT COALESCE(MAX(sequence_number), 0) FROM issuance_failures WHERE coupon_id = ?)
              ) + total_quantity
        WHERE id = ?`,
      [couponId, couponId, couponId],
    );
  }

  async base(manager: EntityManager, couponId: number): Promise<RebuildBase | undefined> {
    const [row] = await manager.query<RebuildBase[]>(
      'SELECT epoch, sequence_base AS sequenceBase FROM coupons WHERE id = ?',
      [couponId],
    );
    return row;
  }
}
