import type { AnswerOf } from '../platform/http/response-schemas.js';
import type { Order, OrderItem } from './order.js';
import type { orderResponse } from './order.responses.js';

/** An order as the API shows it. Its times are text, since the answer is stored under the idempotency key. */
export type OrderView = AnswerOf<typeof orderResponse>;

export function orderView(order: Order): OrderView {
  return {
    orderId: order.orderId,
    userId: order.userId,
    orderNumber: order.orderNumber,
    items: linesView(order.items),
    subtotalAmount: order.subtotalAmount,
    discountAmount: order.discountAmount,
    totalAmount: order.totalAmount,
    status: order.status,
    createdAt: order.createdAt.toISOString(),
    paidAt: order.paidAt?.toISOString() ?? null,
    cancelledAt: order.cancelledAt?.toISOString() ?? null,
    refundedAt: order.refundedAt?.toISOString() ?? null,
    refundedAmount: order.refundedAmount,
  };
}

/** The lines of an order as the API shows them. */
export function linesView(items: readonly OrderItem[]): OrderView['items'] {
  return items.map(({ productId, productName, unitPrice, quantity }) => ({
    productId,
    productName,
    unitPrice,
    quantity,
  }));
}
