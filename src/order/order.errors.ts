import type { NotUsableReason } from '../coupon/index.js';
import { DomainError } from '../platform/errors/domain-error.js';

declare module '../platform/errors/error-codes.js' {
  interface ErrorCodes {
    order: 'ORDER_NOT_FOUND' | 'ORDER_ALREADY_PAID' | 'INSUFFICIENT_BALANCE' | 'COUPON_NOT_USABLE';
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
