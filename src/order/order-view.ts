import type { AnswerOf } from '../platform/http/response-schemas.js';
import type { Order } from './order.js';
import type { orderResponse } from './order.responses.js';

/** An order as the API shows it. Its times are text, since the answer is stored under the idempotency key. */
export type OrderView = AnswerOf<typeof orderResponse>;

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
    cancelledAt: order.cancelledAt?.toISOString() ?? null,
    refundedAt: order.refundedAt?.toISOString() ?? null,
    refundedAmount: order.refundedAmount,
  };
}
