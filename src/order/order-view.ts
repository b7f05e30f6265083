import type { Order, OrderItem, OrderStatus } from './order.js';

/** An order as the API shows it. Its times are text, since the answer is stored under the idempotency key. */
export interface OrderView {
  readonly orderId: number;
  readonly userId: number;
  readonly orderNumber: string;
  readonly items: OrderItem[];
  readonly subtotalAmount: number;
  readonly discountAmount: number;
  readonly totalAmount: number;
  readonly status: OrderStatus;
  readonly createdAt: string;
  readonly paidAt: string | null;
}

export function orderView(order: Order): OrderView {
  return {
    orderId: order.orderId,
    userId: order.userId,
    orderNumber: order.orderNumber,
    items: order.items.map(({ productId, productName, unitPrice, quantity }) => ({
      productId,
      productName,
      unitPrice,
      quantity,
    })),
    subtotalAmount: order.subtotalAmount,
    discountAmount: order.discountAmount,
    totalAmount: order.totalAmount,
    status: order.status,
    createdAt: order.createdAt.toISOString(),
    paidAt: order.paidAt?.toISOString() ?? null,
  };
}
