import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { OrderStatus } from './order.js';
import type { SoldItem } from './payment-completed.event.js';

/** An order and when it was paid. */
export interface PaidOrder {
  readonly orderId: number;
  /** Unlike the id never given again, also when MySQL was restored. */
  readonly orderNumber: string;
  readonly paidAt: Date;
}

/** A paid order that was given back, and when. */
export interface RefundedOrder extends PaidOrder {
  readonly refundedAt: Date;
}

/** The last order of a page, after which the next page begins. */
type Cursor = Pick<PaidOrder, 'orderId' | 'paidAt'>;
type RefundCursor = Pick<RefundedOrder, 'orderId' | 'paidAt' | 'refundedAt'>;

/** Some of the orders paid in this quarter of an hour were refunded, the last of them at this time. */
export interface RefundedSales {
  /** Where the quarter begins. Every day of every time zone begins with one. */
  readonly paidFrom: Date;
  readonly lastRefundedAt: Date;
}

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
const REFUNDED_ORDERS = 'orders FORCE INDEX (ix_orders_refunded)';
const QUARTER_MINUTES = 15;
const BEGINNING = new Date(0);

/**
 * What was sold when, and what of it was given back, from the orders themselves. Times are `paidAt`: `from` is included,
 * `to` is not.
 */
@Injectable()
export class PaidOrders {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * At most `limit` of the orders paid in that time, the earliest payment first, of equals the lower id: from the one
   * after `after` on. A page costs the same wherever in the day it is, and is read from the index alone.
   */
  async between(from: Date, to: Date, limit: number, after?: Cursor): Promise<PaidOrder[]> {
    return await this.page('PAID', to, limit, after ?? { paidAt: from, orderId: 0 });
  }

  /** As `between`, of the orders that were paid in that time and refunded since. */
  async refundedBetween(from: Date, to: Date, limit: number, after?: Cursor): Promise<PaidOrder[]> {
    return await this.page('REFUNDED', to, limit, after ?? { paidAt: from, orderId: 0 });
  }

  /**
   * At most `limit` of the orders refunded at `since` or later that were paid at `from` or later: the earliest refund
   * first, of equals the earliest payment, of these the lower id; from the one after `after` on.
   */
  async refundedSince(since: Date, from: Date, limit: number, after?: RefundCursor): Promise<RefundedOrder[]> {
    const { refundedAt, paidAt, orderId } = after ?? { refundedAt: since, paidAt: BEGINNING, orderId: 0 };
    return await this.dataSource.query<RefundedOrder[]>(
      `SELECT id AS orderId, order_number AS orderNumber, paid_at AS paidAt, refunded_at AS refundedAt
         FROM ${REFUNDED_ORDERS}
        WHERE refunded_at >= ? AND (refunded_at > ? OR paid_at > ? OR (paid_at = ? AND id > ?)) AND paid_at >= ?
        ORDER BY refunded_at, paid_at, id LIMIT ?`,
      [refundedAt, refundedAt, paidAt, paidAt, orderId, from, limit],
    );
  }

  /** When the orders were paid that were refunded at `since` or later and paid at `from` or later, the earliest first. */
  async refundedSales(since: Date, from: Date): Promise<RefundedSales[]> {
    const rows = await this.dataSource.query<Array<{ quarter: number | string; lastRefundedAt: Date }>>(
      `SELECT TIMESTAMPDIFF(MINUTE, '1970-01-01', paid_at) DIV ? AS quarter, MAX(refunded_at) AS lastRefundedAt
         FROM ${REFUNDED_ORDERS} WHERE refunded_at >= ? AND paid_at >= ? GROUP BY quarter ORDER BY quarter`,
      [QUARTER_MINUTES, since, from],
    );
    return rows.map(({ quarter, lastRefundedAt }) => ({
      paidFrom: new Date(Number(quarter) * QUARTER_MINUTES * 60_000),
      lastRefundedAt,
    }));
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

  private async page(status: OrderStatus, to: Date, limit: number, { paidAt, orderId }: Cursor): Promise<PaidOrder[]> {
    return await this.dataSource.query<PaidOrder[]>(
      `SELECT id AS orderId, order_number AS orderNumber, paid_at AS paidAt FROM ${PAID_ORDERS}
        WHERE status = ? AND paid_at >= ? AND paid_at < ? AND (paid_at > ? OR id > ?)
        ORDER BY paid_at, id LIMIT ?`,
      [status, paidAt, to, paidAt, orderId, limit],
    );
  }
}
