import type { Answer, ApiClient } from './api-client.js';
import type { TestDatabase } from './database.js';
import { newUserId } from './unique-ids.js';

export interface RankedBody {
  rank: number;
  productId: number;
  productName: string;
  salesCount: number;
}

export interface TopBody {
  date: string;
  source: 'redis' | 'backup' | 'database' | 'memory' | 'none';
  asOf: string | null;
  rankings: RankedBody[];
}

interface ProductRankBody {
  date: string;
  source: TopBody['source'];
  asOf: string | null;
  productId: number;
  rank: number | null;
  salesCount: number | null;
}

export interface Item {
  readonly productId: number;
  readonly quantity: number;
}

/** Calls of the ranking. */
export class RankingClient {
  constructor(readonly api: ApiClient) {}

  top(query = ''): Promise<Answer<TopBody>> {
    return this.api.call(`/api/products/ranking/top${query}`);
  }

  product(productId: number | string, query = ''): Promise<Answer<ProductRankBody>> {
    return this.api.call(`/api/products/ranking/product/${productId}${query}`);
  }
}

/** Orders that were paid without the application: what a payment leaves behind whose process died after the commit. */
export class SalesBook {
  constructor(readonly database: TestDatabase) {}

  /** Products with consecutive ids, named after them; the lowest id first. */
  async products(count: number): Promise<number[]> {
    const ids = Array.from({ length: count }, () => newUserId());
    const rows = ids.map((id) => [id, nameOf(id), 1000, 1_000_000]);
    await this.database.change('INSERT INTO products (id, name, price, stock) VALUES ?', [rows]);
    return ids;
  }

  /** A paid order; returns its id. */
  async paidOrder(items: readonly Item[], paidAt = new Date()): Promise<number> {
    const orderId = newUserId();
    await this.paidOrders([{ orderId, items, paidAt }]);
    return orderId;
  }

  async paidOrders(orders: ReadonlyArray<{ orderId: number; items: readonly Item[]; paidAt: Date }>): Promise<void> {
    const lines = orders.flatMap(({ orderId, items }) =>
      items.map(({ productId, quantity }, index) => [orderId, productId, index + 1, nameOf(productId), 1000, quantity]),
    );
    await this.database.change(
      'INSERT INTO order_items (order_id, product_id, line_number, product_name, unit_price, quantity) VALUES ?',
      [lines],
    );
    await this.database.change(
      `INSERT INTO orders (id, order_number, user_id, status, subtotal_amount, discount_amount, total_amount, created_at, paid_at)
       VALUES ?`,
      [orders.map(({ orderId, paidAt }) => [orderId, numberOf(orderId), 1, 'PAID', 1000, 0, 1000, paidAt, paidAt])],
    );
  }

  /** The order was given back: what a refund leaves behind whose process died after the commit. */
  async refund(orderId: number, refundedAt = new Date()): Promise<void> {
    await this.database.change(
      "UPDATE orders SET status = 'REFUNDED', refunded_at = ?, refunded_amount = total_amount WHERE id = ?",
      [refundedAt, orderId],
    );
  }

  /** Forgets all orders and all backups of this database. */
  async clear(): Promise<void> {
    for (const table of ['order_items', 'orders', 'product_ranking_backups', 'product_ranking_backup_days']) {
      await this.database.change(`DELETE FROM ${table}`);
    }
  }

  /** The backup of a day as it is stored, by rank. */
  async backup(day: string): Promise<Array<RankedBody & { backedUpAt: Date }>> {
    return await this.database.rows(
      `SELECT ranking AS \`rank\`, product_id AS productId, product_name AS productName, sales_count AS salesCount,
              backed_up_at AS backedUpAt
         FROM product_ranking_backups WHERE business_date = ? ORDER BY ranking`,
      [day],
    );
  }
}

/** The number of an order of a {@link SalesBook}. */
export function numberOf(orderId: number): string {
  return `T${orderId}`;
}

/** What a product of {@link SalesBook.products} is called. */
export function nameOf(productId: number): string {
  return `Product ${productId}`;
}

/** The ranking of these sales, by a rule of our own: most first, of equals the lower id first. */
export function rankingOf(sales: ReadonlyMap<number, number>, limit = 100): RankedBody[] {
  return [...sales]
    .sort(([a, soldA], [b, soldB]) => soldB - soldA || a - b)
    .slice(0, limit)
    .map(([productId, salesCount], index) => ({
      rank: index + 1,
      productId,
      productName: nameOf(productId),
      salesCount,
    }));
}
