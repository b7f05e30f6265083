import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { SoldItem } from './payment-completed.event.js';

/** A paid order, as far as others need to know it. */
export interface PaidOrder {
  readonly orderId: number;
  readonly paidAt: Date;
  readonly items: SoldItem[];
}

/** Pieces of a product that were sold. */
export interface ProductSales {
  readonly productId: number;
  readonly salesCount: number;
}

// Named, since the order by id would tempt MySQL to walk the primary key through all orders there ever were.
const PAID_ORDERS = 'orders FORCE INDEX (ix_orders_paid)';

/** What was sold when, from the orders themselves. Times are `paidAt`: `from` is included, `to` is not. */
@Injectable()
export class PaidOrders {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** At most `limit` of the orders paid in that time whose id is above `afterOrderId`, lowest id first. */
  async between(from: Date, to: Date, afterOrderId: number, limit: number): Promise<PaidOrder[]> {
    const rows = await this.dataSource.query<Array<{ orderId: number; paidAt: Date } & SoldItem>>(
      `SELECT paid.id AS orderId, paid.paid_at AS paidAt, item.product_id AS productId, item.quantity AS quantity
         FROM (SELECT id, paid_at FROM ${PAID_ORDERS}
                WHERE status = 'PAID' AND paid_at >= ? AND paid_at < ? AND id > ? ORDER BY id LIMIT ?) AS paid
         JOIN order_items item ON item.order_id = paid.id
        ORDER BY paid.id, item.line_number`,
      [from, to, afterOrderId, limit],
    );
    const orders = new Map<number, PaidOrder>();
    for (const { orderId, paidAt, productId, quantity } of rows) {
      const order = orders.get(orderId) ?? { orderId, paidAt, items: [] };
      order.items.push({ productId, quantity });
      orders.set(orderId, order);
    }
    return [...orders.values()];
  }

  /** The `limit` products of which most pieces were sold in that time, most first; of equals the lower id first. */
  async totalsBetween(from: Date, to: Date, limit: number): Promise<ProductSales[]> {
    const rows = await this.dataSource.query<Array<{ productId: number; salesCount: number | string }>>(
      `SELECT item.product_id AS productId, SUM(item.quantity) AS salesCount
         FROM ${PAID_ORDERS} JOIN order_items item ON item.order_id = orders.id
        WHERE orders.status = 'PAID' AND orders.paid_at >= ? AND orders.paid_at < ?
        GROUP BY item.product_id ORDER BY salesCount DESC, productId LIMIT ?`,
      [from, to, limit],
    );
    return rows.map(({ productId, salesCount }) => ({ productId, salesCount: Number(salesCount) }));
  }

  /** How many pieces of the product were sold in that time. */
  async quantityOf(productId: number, from: Date, to: Date): Promise<number> {
    const [row] = await this.dataSource.query<Array<{ quantity: number | string }>>(
      `SELECT COALESCE(SUM(item.quantity), 0) AS quantity
         FROM ${PAID_ORDERS} JOIN order_items item ON item.order_id = orders.id AND item.product_id = ?
        WHERE orders.status = 'PAID' AND orders.paid_at >= ? AND orders.paid_at < ?`,
      [productId, from, to],
    );
    return Number(row?.quantity ?? 0);
  }
}
