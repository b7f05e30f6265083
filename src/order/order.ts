import type { OrderAmounts } from './order-amounts.js';

/**
 * The states of an order. PENDING becomes PAID, CANCELLED or EXPIRED; PAID may become REFUNDED; nothing leads out of the
 * other three.
 */
export const ORDER_STATUSES = ['PENDING', 'PAID', 'CANCELLED', 'REFUNDED', 'EXPIRED'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** A line of an order; name and price are those of the moment it was created. */
export interface OrderItem {
  readonly productId: number;
  readonly productName: string;
  /** In won, for one piece. */
  readonly unitPrice: number;
  readonly quantity: number;
}

/** An order that is not stored yet. Amounts are in won. */
export interface NewOrder extends OrderAmounts {
  readonly orderNumber: string;
  readonly userId: number;
  /** No product twice. */
  readonly items: readonly OrderItem[];
  /** The user coupon that the payment will use. */
  readonly userCouponId: number | null;
  readonly createdAt: Date;
}

/** An order as it is stored. */
export interface Order extends NewOrder {
  readonly orderId: number;
  readonly status: OrderStatus;
  readonly paidAt: Date | null;
  readonly cancelledAt: Date | null;
  readonly refundedAt: Date | null;
  /** In won; null unless it was refunded. */
  readonly refundedAmount: number | null;
}
