import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { isDuplicateKey } from '../platform/database/database-errors.js';
import type { NewOrder, Order, OrderItem } from './order.js';
import type { OrdersQuery } from './order.schemas.js';

const COLUMNS = `id AS orderId, order_number AS orderNumber, user_id AS userId, status, subtotal_amount AS subtotalAmount,
  discount_amount AS discountAmount, total_amount AS totalAmount, user_coupon_id AS userCouponId,
  created_at AS createdAt, paid_at AS paidAt, cancelled_at AS cancelledAt, refunded_at AS refundedAt,
  refunded_amount AS refundedAmount`;

type OrderRow = Omit<Order, 'items'>;
type Reader = Pick<EntityManager, 'query'>;

/** The tables `orders` and `order_items`; the payment has a repository of its own. */
@Injectable()
export class OrderRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Inserts the order with its items and returns its id; undefined, and nothing changes, when its number is taken. */
  async insert(manager: EntityManager, order: NewOrder): Promise<number | undefined> {
    const orderId = await this.insertOrder(manager, order);
    if (orderId === undefined) return undefined;
    const items = order.items.map((item, index) => [
      orderId,
      item.productId,
      index + 1,
      item.productName,
      item.unitPrice,
      item.quantity,
    ]);
    await manager.query(
      'INSERT INTO order_items (order_id, product_id, line_number, product_name, unit_price, quantity) VALUES ?',
      [items],
    );
    return orderId;
  }

  /** @param reader a transaction that must see what it has done itself */
  async find(orderId: number, reader: Reader = this.dataSource): Promise<Order | undefined> {
    const rows = await reader.query<OrderRow[]>(`SELECT ${COLUMNS} FROM orders WHERE id = ?`, [orderId]);
    const [order] = await this.withItems(reader, rows);
    return order;
  }

  /** The user's orders, newest first by (created_at, id), from the one before `cursor` on. */
  async findPageOfUser({ userId, status, cursor, limit }: OrdersQuery): Promise<Order[]> {
    const conditions = ['user_id = ?'];
    const parameters: unknown[] = [userId];
    if (status !== undefined) {
      conditions.push('status = ?');
      parameters.push(status);
    }
    if (cursor !== undefined) {
      const [createdAtMs, orderId] = cursor;
      const createdAt = new Date(createdAtMs);
      conditions.push('(created_at < ? OR (created_at = ? AND id < ?))');
      parameters.push(createdAt, createdAt, orderId);
    }
    const rows = await this.dataSource.query<OrderRow[]>(
      `SELECT ${COLUMNS} FROM orders WHERE ${conditions.join(' AND ')} ORDER BY created_at DESC, id DESC LIMIT ?`,
      [...parameters, limit],
    );
    return await this.withItems(this.dataSource, rows);
  }

  private async insertOrder(manager: EntityManager, order: NewOrder): Promise<number | undefined> {
    try {
      const { insertId } = await manager.query<{ insertId: number }>(
        `INSERT INTO orders (order_number, user_id, status, subtotal_amount, discount_amount, total_amount, user_coupon_id,
                             created_at)
         VALUES (?, ?, 'PENDING', ?, ?, ?, ?, ?)`,
        [
          order.orderNumber,
          order.userId,
          order.subtotalAmount,
          order.discountAmount,
          order.totalAmount,
          order.userCouponId,
          order.createdAt,
        ],
      );
      return insertId;
    } catch (error) {
      if (isDuplicateKey(error, 'uq_orders_number')) return undefined;
      throw error;
    }
  }

  private async withItems(reader: Reader, orders: readonly OrderRow[]): Promise<Order[]> {
    if (orders.length === 0) return [];
    const rows = await reader.query<Array<{ orderId: number } & OrderItem>>(
      `SELECT order_id AS orderId, product_id AS productId, product_name AS productName, unit_price AS unitPrice, quantity
         FROM order_items WHERE order_id IN (?) ORDER BY order_id, line_number`,
      [orders.map(({ orderId }) => orderId)],
    );
    const items = new Map<number, OrderItem[]>(orders.map(({ orderId }) => [orderId, []]));
    for (const { orderId, ...item } of rows) items.get(orderId)?.push(item);
    return orders.map((order) => ({ ...order, items: items.get(order.orderId) ?? [] }));
  }
}
