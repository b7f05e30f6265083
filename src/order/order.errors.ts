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

/** The user holds no user coupon of this coupon that is AVAILABLE. */
export class CouponNotUsableError extends DomainError {
  constructor(data: { couponId: number } | { userCouponId: number }) {
    super(
      'COUPON_NOT_USABLE',
      'The user holds no such coupon, or it is used or has expired. Order without it, or with another one; ' +
        'GET /api/users/{userId}/coupons?status=AVAILABLE lists them.',
      data,
    );
  }
}
