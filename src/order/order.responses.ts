import { z } from 'zod';
import { id, nextCursor, time, won } from '../platform/http/response-schemas.js';
import { ORDER_STATUSES } from './order.js';

/** What the calls of this module answer, with examples: for the OpenAPI document, and for the types of the views. */

const ORDER = {
  orderId: 1,
  userId: 1000,
  orderNumber: '20261120-7KQ2M-WX9RT',
  items: [{ productId: 7, productName: '탁상 시계 화이트 (Desk clock, white)', unitPrice: 24_900, quantity: 2 }],
  subtotalAmount: 49_800,
  discountAmount: 24_900,
  totalAmount: 24_900,
  status: 'PENDING',
  createdAt: '2026-11-20T09:00:00.123Z',
  paidAt: null,
  cancelledAt: null,
  refundedAt: null,
  refundedAmount: null,
};

const items = z.array(
  z
    .object({
      productId: id,
      productName: z.string().meta({ description: 'As it was when the order was created' }),
      unitPrice: won.meta({ description: 'In won, as it was when the order was created' }),
      quantity: z.int().min(1),
    })
    .meta({ id: 'OrderItem' }),
);

const amounts = {
  subtotalAmount: won,
  discountAmount: won,
  totalAmount: won.meta({ description: 'In won: subtotalAmount less discountAmount' }),
};

const order = z.object({
  orderId: id,
  userId: id,
  orderNumber: z.string(),
  items,
  ...amounts,
  status: z.enum(ORDER_STATUSES),
  createdAt: time,
  paidAt: time.nullable(),
  cancelledAt: time.nullable(),
  refundedAt: time.nullable(),
  refundedAmount: won.nullable(),
});

export const orderResponse = order.meta({ id: 'Order', example: ORDER });

export const quoteResponse = z.object({ items, ...amounts }).meta({
  id: 'Quote',
  example: {
    items: ORDER.items,
    subtotalAmount: ORDER.subtotalAmount,
    discountAmount: ORDER.discountAmount,
    totalAmount: ORDER.totalAmount,
  },
});

export const orderListResponse = z
  .object({ orders: z.array(orderResponse), nextCursor })
  .meta({ id: 'OrderList', example: { orders: [ORDER], nextCursor: null } });

export const paymentResponse = z
  .object({
    orderId: id,
    paidAmount: won,
    remainingBalance: won.meta({ description: 'In won, after the payment' }),
    status: z.literal('PAID'),
    paidAt: time,
  })
  .meta({
    id: 'Payment',
    example: {
      orderId: ORDER.orderId,
      paidAmount: ORDER.totalAmount,
      remainingBalance: 35_100,
      status: 'PAID',
      paidAt: '2026-11-20T09:00:04.567Z',
    },
  });

export const cancellationResponse = order
  .extend({ remainingBalance: won.meta({ description: 'In won, after the refund' }) })
  .meta({
    id: 'Cancellation',
    example: {
      ...ORDER,
      status: 'REFUNDED',
      paidAt: '2026-11-20T09:00:04.567Z',
      refundedAt: '2026-11-21T10:30:00.890Z',
      refundedAmount: ORDER.totalAmount,
      remainingBalance: 60_000,
    },
  });
