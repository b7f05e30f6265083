import { z } from 'zod';
import {
  cursorQuery,
  id,
  idParam,
  limitQuery,
  newestPosition,
  oneOf,
  optional,
  wholeNumber,
} from '../platform/http/schemas.js';
import { idempotencyKey } from '../platform/idempotency/idempotency-key.js';
import { ORDER_STATUSES } from './order.js';

/** What the calls of this module take. */

/** Pieces of one product in one order, also when it is named several times. */
const MAX_QUANTITY = 10_000;
const MAX_ITEMS = 100;

const ITEMS_ERROR = `must be a list of 1 to ${MAX_ITEMS} items`;

const item = z.strictObject({ productId: id, quantity: wholeNumber(MAX_QUANTITY) });

/** Each product once, where it was first named, with its quantities added up. */
const items = z
  .array(item, { error: ITEMS_ERROR })
  .min(1, { error: ITEMS_ERROR })
  .max(MAX_ITEMS, { error: ITEMS_ERROR })
  .transform((named, context) => {
    const quantities = new Map<number, number>();
    for (const [index, { productId, quantity }] of named.entries()) {
      const sum = (quantities.get(productId) ?? 0) + quantity;
      quantities.set(productId, sum);
      if (sum > MAX_QUANTITY) {
        const message = `must be ${MAX_QUANTITY} at most, together with the items before of the same product`;
        context.addIssue({ code: 'custom', path: [index, 'quantity'], message });
      }
    }
    return Array.from(quantities, ([productId, quantity]) => ({ productId, quantity }));
  });

export const createOrderBody = z
  .strictObject({
    userId: id,
    items: items.meta({ description: 'A product that is named several times is added up' }),
    couponId: optional(id).meta({ description: 'A coupon of which the user holds an AVAILABLE user coupon' }),
    idempotencyKey,
  })
  .meta({
    id: 'CreateOrderRequest',
    example: {
      userId: 1000,
      items: [{ productId: 7, quantity: 2 }],
      couponId: 1,
      idempotencyKey: 'order-2026-11-20-0001',
    },
  });
export type CreateOrderBody = z.output<typeof createOrderBody>;

/** An order that somebody wants to place. */
export type OrderDraft = Omit<CreateOrderBody, 'idempotencyKey'>;

/** What makes the request this one: all of the body but the key. */
export function draftOf({ userId, items: ordered, couponId }: CreateOrderBody): OrderDraft {
  return { userId, items: ordered, couponId };
}

export const paymentBody = z
  .strictObject({ userId: id, idempotencyKey })
  .meta({ id: 'PaymentRequest', example: { userId: 1000, idempotencyKey: 'payment-2026-11-20-0001' } });
export type PaymentBody = z.output<typeof paymentBody>;

export const cancellationBody = z
  .strictObject({ userId: id, idempotencyKey })
  .meta({ id: 'CancellationRequest', example: { userId: 1000, idempotencyKey: 'cancellation-2026-11-20-0001' } });
export type CancellationBody = z.output<typeof cancellationBody>;

/** Who asks for an order; whoever does not say so is shown it by its id alone. */
export const orderQuery = z.strictObject({
  userId: idParam.optional().meta({ description: 'When given, an order of another user is not found' }),
});
export type OrderQuery = z.output<typeof orderQuery>;

export const ordersQuery = z.strictObject({
  userId: idParam,
  status: oneOf(ORDER_STATUSES).optional().meta({ description: 'Only orders in this state' }),
  cursor: cursorQuery(newestPosition),
  limit: limitQuery,
});
export type OrdersQuery = z.output<typeof ordersQuery>;
