import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { OrderStatus } from './order.js';

/** States in which an order ends that was never paid. */
export const NEVER_PAID = ['EXPIRED', 'CANCELLED'] as const satisfies readonly OrderStatus[];

/**
 * What becomes of orders that nobody pays, a batch at a time. It waits for nobody: an order that somebody pays or cancels
 * at this moment is left out, and nobody waits for an order that waits. Of a row lock on another Galera node nothing is
 * seen here: whoever commits first wins, and the other one starts again.
 */
@Injectable()
export class UnpaidOrdersRepository {
  /** Marks at most `limit` of the orders EXPIRED that are PENDING and were made before `time`, the oldest first; how many. */
  async expire(manager: EntityManager, time: Date, limit: number): Promise<number> {
    const orderIds = await this.lockOldest(manager, 'PENDING', time, limit);
    if (orderIds.length === 0) return 0;
    // By the rows that are locked, whatever index would look cheaper.
    const { affectedRows } = await manager.query<{ affectedRows: number }>(
      `UPDATE orders FORCE INDEX (PRIMARY) SET status = 'EXPIRED' WHERE id IN (?) AND status = 'PENDING'`,
      [orderIds],
    );
    return affectedRows;
  }

  /** Deletes at most `limit` of the orders with this end that were made before `time`, with their items; how many. */
  async delete(manager: EntityManager, end: (typeof NEVER_PAID)[number], time: Date, limit: number): Promise<number> {
    const orderIds = await this.lockOldest(manager, end, time, limit);
    if (orderIds.length === 0) return 0;
    await manager.query('DELETE FROM order_items WHERE order_id IN (?)', [orderIds]);
    const { affectedRows } = await manager.query<{ affectedRows: number }>(
      'DELETE FROM orders WHERE id IN (?) AND status = ?',
      [orderIds, end],
    );
    return affectedRows;
  }

  private async lockOldest(manager: EntityManager, status: OrderStatus, time: Date, limit: number): Promise<number[]> {
    const rows = await manager.query<Array<{ id: number }>>(
      `SELECT id FROM orders FORCE INDEX (ix_orders_oldest_in_status)
        WHERE status = ? AND created_at < ? ORDER BY created_at, id LIMIT ? FOR UPDATE SKIP LOCKED`,
      [status, time, limit],
    );
    return rows.map(({ id }) => id);
  }
}
