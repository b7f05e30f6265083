import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { OrderStatus } from './order.js';
import type { SoldItem } from './payment-completed.event.js';

/** What a payment has to know of its order, and a cancellation. */
export interface PayableOrder {
  readonly orderNumber: string;
  readonly userId: number;
  readonly status: OrderStatus;
  readonly paidAt: Date | null;
  /** In won. */
  readonly totalAmount: number;
  readonly userCouponId: number | null;
  /** The coupon of that user coupon. */
  readonly couponId: number | null;
  /** In the order of the product ids, the one in which every payment takes the products' rows. */
  readonly items: SoldItem[];
}

/** What a payment does with the order itself. Every method works inside the payment's transaction. */
@Injectable()
export class PaymentRepository {
  /** Locks the order until the transaction ends; undefined when there is none. */
  async lock(manager: EntityManager, orderId: number): Promise<PayableOrder | undefined> {
    const rows = await manager.query<Array<Omit<PayableOrder, 'items'> & SoldItem>>(
      `SELECT orders.order_number AS orderNumber, orders.user_id AS userId, orders.status AS status,
              orders.paid_at AS paidAt,
              orders.total_amount AS totalAmount, orders.user_coupon_id AS userCouponId,
              (SELECT coupon_id FROM user_coupons WHERE id = orders.user_coupon_id) AS couponId,
              item.product_id AS productId, item.quantity AS quantity
         FROM orders JOIN order_items item ON item.order_id = orders.id
        WHERE orders.id = ? ORDER BY item.product_id FOR UPDATE`,
      [orderId],
    );
    const [order] = rows;
    if (order === undefined) return undefined;
    const { orderNumber, userId, status, paidAt, totalAmount, userCouponId, couponId } = order;
    const items = rows.map(({ productId, quantity }) => ({ productId, quantity }));
    return { orderNumber, userId, status, paidAt, totalAmount, userCouponId, couponId, items };
  }

  /**
   * Marks the order PAID, of which so many events tell, and returns the position of the last one (P12). Undefined, and
   * nothing changes, unless PENDING: a row lock holds on one Galera node only.
   */
  async markPaid(manager: EntityManager, orderId: number, paidAt: Date, events: number): Promise<number | undefined> {
    const { affectedRows, insertId } = await manager.query<{ affectedRows: number; insertId: number }>(
      `UPDATE orders SET status = 'PAID', paid_at = ?, event_position = LAST_INSERT_ID(event_position + ?)
        WHERE id = ? AND status = 'PENDING'`,
      [paidAt, events, orderId],
    );
    return affectedRows === 1 ? insertId : undefined;
  }
}
