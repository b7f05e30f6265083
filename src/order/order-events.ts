import type { ToldEvent } from '../events/index.js';
import type { SoldItem } from './payment-completed.event.js';

/** What is told of a payment; all of it is known when it is paid. */
export interface PaidOrder {
  readonly orderId: number;
  readonly orderNumber: string;
  readonly userId: number;
  /** In won. */
  readonly paidAmount: number;
  readonly items: readonly SoldItem[];
}

/** What is told of a refund: what was told of the payment, and the refund. */
export interface RefundedOrder extends PaidOrder {
  readonly paidAt: string;
  /** In won. */
  readonly refundedAmount: number;
}

/** What is told of a user coupon that was used; the rest is read when it is told. */
export interface UsedCoupon {
  readonly userCouponId: number;
}

/** Events of a payment: that its user coupon is used, if it has one, and that the order is paid. */
export function paidEvents(
  { paidAt: occurredAt, ...paid }: PaidOrder & { readonly paidAt: Date },
  used: (UsedCoupon & { readonly couponId: number | undefined }) | undefined,
  lastPosition: number,
): ToldEvent[] {
  const subject = `orders/${paid.orderNumber}`;
  const couponId = used?.couponId;
  const told = { type: 'firstcome.order.paid' as const, subject, position: lastPosition, couponId, occurredAt };
  const paidEvent: ToldEvent<PaidOrder> = { ...told, content: paid };
  if (used === undefined) return [paidEvent];
  const { userCouponId } = used;
  const usedEvent: ToldEvent<UsedCoupon> = {
    ...told,
    type: 'firstcome.coupon.used',
    position: lastPosition - 1,
    content: { userCouponId },
  };
  return [usedEvent, paidEvent];
}

/** The event of a refund. */
export function refundedEvent(
  order: Omit<RefundedOrder, 'paidAmount' | 'paidAt'> & {
    readonly paidAt: Date;
    readonly refundedAt: Date;
    readonly couponId: number | null;
  },
  position: number,
): ToldEvent<RefundedOrder> {
  const { orderId, orderNumber, userId, refundedAmount, items, paidAt, refundedAt, couponId } = order;
  return {
    type: 'firstcome.order.refunded',
    subject: `orders/${orderNumber}`,
    position,
    couponId: couponId ?? undefined,
    occurredAt: refundedAt,
    // All of it is refunded.
    content: {
      orderId,
      orderNumber,
      userId,
      paidAmount: refundedAmount,
      refundedAmount,
      items,
      paidAt: paidAt.toISOString(),
    },
  };
}
