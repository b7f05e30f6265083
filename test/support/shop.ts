import { expect } from '@jest/globals';
import { type Answer, ApiClient } from './api-client.js';
import type { TestDatabase } from './database.js';
import { newUserId } from './unique-ids.js';

export interface OrderBody {
  orderId: number;
  userId: number;
  orderNumber: string;
  items: Array<{ productId: number; productName: string; unitPrice: number; quantity: number }>;
  subtotalAmount: number;
  discountAmount: number;
  totalAmount: number;
  status: 'PENDING' | 'PAID' | 'CANCELLED' | 'REFUNDED' | 'EXPIRED';
  createdAt: string;
  paidAt: string | null;
  cancelledAt: string | null;
  refundedAt: string | null;
  refundedAmount: number | null;
}

export interface CancellationBody extends OrderBody {
  remainingBalance: number;
}

interface PaymentBody {
  orderId: number;
  paidAmount: number;
  remainingBalance: number;
  status: 'PAID';
  paidAt: string;
}

interface ChargeBody {
  userId: number;
  balance: number;
  chargedAmount: number;
  chargedAt: string;
}

/** A line of an order that is to be placed. */
interface Line {
  productId: number;
  quantity: number;
}

/** Users and products of a test's own, and what is done with them. */
export class Shop {
  constructor(
    readonly api: ApiClient,
    readonly database: TestDatabase,
  ) {}

  /** A registered user with this balance; returns the id. */
  async user(balance = 0): Promise<number> {
    const userId = newUserId();
    await this.database.change('INSERT INTO users (id, name, email, balance) VALUES (?, ?, ?, ?)', [
      userId,
      `User ${userId}`,
      `${userId}@example.com`,
      balance,
    ]);
    return userId;
  }

  /** A product; returns the id. */
  async product({ price = 1000, stock = 1_000_000 } = {}): Promise<number> {
    const productId = newUserId();
    await this.database.change('INSERT INTO products (id, name, price, stock) VALUES (?, ?, ?, ?)', [
      productId,
      `Product ${productId}`,
      price,
      stock,
    ]);
    return productId;
  }

  /** A user coupon that the user holds; returns the coupon's id. */
  async coupon(userId: number, discount: { discountAmount?: number; discountRate?: number } = {}): Promise<number> {
    const { couponId } = await this.api.createCoupon(discount);
    expect(await this.api.issue(couponId, userId)).toMatchObject({ status: 200 });
    return couponId;
  }

  placeOrder(body: object, headers?: Record<string, string>): Promise<Answer<OrderBody>> {
    return this.api.call('/api/orders', { method: 'POST', body, ...(headers && { headers }) });
  }

  /** An order that is PENDING; returns its id. */
  async order(userId: number, items: Line[], couponId?: number): Promise<number> {
    const { status, body } = await this.placeOrder({ userId, items, couponId });
    expect({ status, body }).toMatchObject({ status: 201 });
    return body.orderId;
  }

  showOrder(orderId: number): Promise<Answer<OrderBody>> {
    return this.api.call(`/api/orders/${orderId}`);
  }

  pay(orderId: number, userId: number, idempotencyKey?: string): Promise<Answer<PaymentBody>> {
    return this.api.call(`/api/orders/${orderId}/payment`, { method: 'POST', body: { userId, idempotencyKey } });
  }

  cancel(orderId: number, userId: number, idempotencyKey?: string): Promise<Answer<CancellationBody>> {
    return this.api.call(`/api/orders/${orderId}/cancel`, { method: 'POST', body: { userId, idempotencyKey } });
  }

  charge(userId: number, body: object, headers?: Record<string, string>): Promise<Answer<ChargeBody>> {
    return this.api.call(`/api/users/${userId}/balance/charge`, { method: 'POST', body, ...(headers && { headers }) });
  }

  async balanceOf(userId: number): Promise<number> {
    return (await this.database.row<{ balance: number }>('SELECT balance FROM users WHERE id = ?', [userId])).balance;
  }

  async stockOf(productId: number): Promise<number> {
    return (await this.database.row<{ stock: number }>('SELECT stock FROM products WHERE id = ?', [productId])).stock;
  }

  /** How many orders of the user are in each state: `{ PAID: 120, PENDING: 80 }`. */
  async orderCounts(userId: number): Promise<Record<string, number>> {
    const rows = await this.database.rows<{ status: string; size: number }>(
      'SELECT status, COUNT(*) AS size FROM orders WHERE user_id = ? GROUP BY status',
      [userId],
    );
    return Object.fromEntries(rows.map(({ status, size }) => [status, size]));
  }
}
