import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { SoldItem } from './payment-completed.event.js';

/** An order and when it was paid. */
export interface PaidOrder {
  readonly orderId: number;
  /** Unlike the id never given again, also when MySQL was restored. */
  readonly orderNumber: string;
  readonly paidAt: Date;
}

/** The last order of a page, after which the next page begins. */
type Cursor = Pick<PaidOrder, 'orderId' | 'paidAt'>;

/** What an order took. */
export interface SoldOrder {
  readonly orderNumber: string;
  readonly items: SoldItem[];
}

/** Pieces of a product that were sold. */
export interface ProductSales {
  readonly productId: number;
  readonly salesCount: number;
}

// Named, since a time range that looks large would tempt the server to read the whole table.
const PAID_ORDERS = 'orders FORCE INDEX (ix_orders_paid)';

/** What was sold when, from the orders themselves. Times are `paidAt`: `from` is included, `to` is not. */
@Injectable()
export class PaidOrders {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * At most `limit` of the orders paid in that time, the earliest payment first, of equals the lower id: from the one
   * after `after` on. A page costs the same wherever in the day it is, and is read from the index alone.
   */
  async between(from: Date, to: Date, limit: number, after?: Cursor): Promise<PaidOrder[]> {
    const { paidAt, orderId } = after ?? { paidAt: from, orderId: 0 };
    return await this.dataSource.query<PaidOrder[]>(
      `SELECT id AS orderId, order_number AS orderNumber, paid_at AS paidAt FROM ${PAID_ORDERS}
        WHERE status = 'PAID' AND paid_at >= ? AND paid_at < ? AND (paid_at > ? OR id > ?)
        ORDER BY paid_at, id LIMIT ?`,
      [paidAt, to, paidAt, orderId, limit],
    );
  }

  /** What the orders took, in their order; an order without items is left out. */
  async itemsOf(orders: ReadonlyArray<Omit<PaidOrder, 'paidAt'>>): Promise<SoldOrder[]> {
    if (orders.length === 0) return [];
    const rows = await this.dataSource.query<Array<{ orderId: number } & SoldItem>>(
      `SELECT order_id AS orderId, product_id AS productId, quantity FROM order_items
        WHERE order_id IN (?) ORDER BY order_id, product_id`,
      [orders.map(({ orderId }) => orderId)],
    );
    const sold = new Map(orders.map(({ orderId, orderNumber }) => [orderId, { orderNumber, items: [] as SoldItem[] }]));
    for (const { orderId, productId, quantity } of rows) sold.get(orderId)?.items.push({ productId, quantity });
    return [...sold.values()].filter(({ items }) => items.length > 0);
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
}
