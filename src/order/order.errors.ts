import type { NotUsableReason } from '../coupon/index.js';
import { DomainError } from '../platform/errors/domain-error.js';
import type { UnmetCondition } from './coupon-conditions.js';
import type { OrderStatus } from './order.js';

declare module '../platform/errors/error-codes.js' {
  interface ErrorCodes {
    order:
      | 'ORDER_NOT_FOUND'
      | 'ORDER_ALREADY_PAID'
      | 'ORDER_EXPIRED'
      | 'ORDER_NOT_PAYABLE'
      | 'ORDER_NOT_CANCELLABLE'
      | 'REFUND_PERIOD_OVER'
      | 'INSUFFICIENT_BALANCE'
      | 'COUPON_NOT_USABLE'
      | 'COUPON_CONDITIONS_NOT_MET';
  }
}

/** No order has this id, or it is another user's. */
export class OrderNotFoundError extends DomainError {
  constructor(orderId: number) {
    super('ORDER_NOT_FOUND', `There is no order ${orderId} of this user. GET /api/orders lists those there are.`, {
      orderId,
    });
  }
}

/** The order was paid before. */
export class OrderAlreadyPaidError extends DomainError {
  constructor(orderId: number) {
    super('ORDER_ALREADY_PAID', `Order ${orderId} is already paid. Do not pay it again.`, { orderId });
  }
}

/** The order was not paid in time. */
export class OrderExpiredError extends DomainError {
  constructor(orderId: number) {
    super('ORDER_EXPIRED', `Order ${orderId} was not paid in time. Place a new one.`, { orderId });
  }
}

/** The order was cancelled, before it was paid or after. */
export class OrderNotPayableError extends DomainError {
  constructor(orderId: number, orderStatus: 'CANCELLED' | 'REFUNDED') {
    super('ORDER_NOT_PAYABLE', `Order ${orderId} is ${orderStatus} and cannot be paid. Place a new one.`, {
      orderId,
      orderStatus,
    });
  }
}

/** Why an order in this state cannot be paid. */
export function paymentRefusal(orderId: number, status: Exclude<OrderStatus, 'PENDING'>): DomainError {
  if (status === 'PAID') return new OrderAlreadyPaidError(orderId);
  if (status === 'EXPIRED') return new OrderExpiredError(orderId);
  return new OrderNotPayableError(orderId, status);
}

/** The order has ended already. */
export class OrderNotCancellableError extends DomainError {
  constructor(orderId: number, orderStatus: OrderStatus) {
    super('ORDER_NOT_CANCELLABLE', `Order ${orderId} is ${orderStatus} and cannot be cancelled.`, {
      orderId,
      orderStatus,
    });
  }
}

/** The order was paid too long ago. */
export class RefundPeriodOverError extends DomainError {
  constructor(orderId: number, refundableUntil: Date) {
    super('REFUND_PERIOD_OVER', `Order ${orderId} could be cancelled until ${refundableUntil.toISOString()}.`, {
      orderId,
      refundableUntil: refundableUntil.toISOString(),
    });
  }
}

const WHY: Readonly<Record<NotUsableReason, string>> = {
  NOT_HELD: 'The user holds no such coupon.',
  USED: 'The coupon is used already.',
  REVOKED: 'The coupon was taken back.',
  EXPIRED: 'The coupon has expired: its use-by time is over.',
  SUSPENDED: 'The coupon cannot be spent at the moment.',
};

/** The user holds no user coupon of this coupon that could be spent now. */
export class CouponNotUsableError extends DomainError {
  constructor(reason: NotUsableReason, data: { couponId: number } | { userCouponId: number }) {
    super(
      'COUPON_NOT_USABLE',
      `${WHY[reason]} Order without it, or with another one; ` +
        'GET /api/users/{userId}/coupons?status=AVAILABLE lists them.',
      { ...data, reason },
    );
  }
}

/** The order is none for which its coupon may be used. */
export class CouponConditionsNotMetError extends DomainError {
  constructor(unmet: UnmetCondition, data: { couponId: number } | { userCouponId: number }) {
    super('COUPON_CONDITIONS_NOT_MET', sentenceOf(unmet), { ...data, ...unmet });
  }
}

function sentenceOf(unmet: UnmetCondition): string {
  if (unmet.reason === 'NO_ELIGIBLE_PRODUCT') return 'The coupon counts on other products only: one of productIds.';
  const { missingAmount, minOrderAmount } = unmet;
  return `What the coupon counts on must come to ${minOrderAmount} won at least: ${missingAmount} won are missing.`;
}
