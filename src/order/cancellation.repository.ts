import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/**
 * What a cancellation does with the order itself, inside its transaction. Each UPDATE is guarded by the state: the row
 * lock that PaymentRepository takes holds on one Galera node only.
 */
@Injectable()
export class CancellationRepository {
  /** Marks the order CANCELLED; false, and nothing changes, unless PENDING. */
  async markCancelled(manager: EntityManager, orderId: number, cancelledAt: Date): Promise<boolean> {
    const { affectedRows } = await manager.query<{ affectedRows: number }>(
      `UPDATE orders SET status = 'CANCELLED', cancelled_at = ? WHERE id = ? AND status = 'PENDING'`,
      [cancelledAt, orderId],
    );
    return affectedRows === 1;
  }

  /**
   * Marks the order REFUNDED, of which one event tells, and returns its position (P12). Undefined, and nothing changes,
   * unless PAID.
   */
  async markRefunded(
    manager: EntityManager,
    orderId: number,
    refundedAmount: number,
    refundedAt: Date,
  ): Promise<number | undefined> {
    const { affectedRows, insertId } = await manager.query<{ affectedRows: number; insertId: number }>(
      `UPDATE orders
          SET status = 'REFUNDED', refunded_amount = ?, refunded_at = ?, event_position = LAST_INSERT_ID(event_position + 1)
        WHERE id = ? AND status = 'PAID'`,
      [refundedAmount, refundedAt, orderId],
    );
    return affectedRows === 1 ? insertId : undefined;
  }
}
