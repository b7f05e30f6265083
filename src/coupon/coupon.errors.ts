import { DomainError } from '../platform/errors/domain-error.js';
import type { FailureReason } from './issuance-failure.entity.js';

declare module '../platform/errors/error-codes.js' {
  interface ErrorCodes {
    coupon:
      | 'COUPON_NOT_FOUND'
      | 'COUPON_INACTIVE'
      | 'COUPON_NOT_STARTED'
      | 'COUPON_EXPIRED'
      | 'ALREADY_ISSUED'
      | 'COUPON_SOLD_OUT'
      | 'QUANTITY_BELOW_COMMITTED'
      | 'RESERVATION_NOT_FOUND'
      | 'FAILURE_NOT_FOUND'
      | 'ISSUANCE_FAILED'
      | 'RESERVATION_UNAVAILABLE'
      | 'TOO_MANY_WAITERS';
  }
}

/** A coupon as it would be with a smaller total. */
interface Lowered {
  readonly id: number;
  readonly totalQuantity: number;
  readonly returnedQuantity: number;
}

/** No coupon has this id. */
export class CouponNotFoundError extends DomainError {
  constructor(couponId: number) {
    super('COUPON_NOT_FOUND', `There is no coupon ${couponId}. GET /api/coupons lists those there are.`, { couponId });
  }
}

/** The coupon is paused: `isActive` is false. */
export class CouponInactiveError extends DomainError {
  constructor(couponId: number) {
    super('COUPON_INACTIVE', `Coupon ${couponId} is paused. Try again once it is active.`, { couponId });
  }
}

/** The coupon's window opens later. */
export class CouponNotStartedError extends DomainError {
  constructor(couponId: number) {
    super('COUPON_NOT_STARTED', `Coupon ${couponId} has not started. Its startsAt says when it opens.`, { couponId });
  }
}

/** The coupon's window is over. */
export class CouponExpiredError extends DomainError {
  constructor(couponId: number) {
    super('COUPON_EXPIRED', `Coupon ${couponId} has ended and is no longer given out. Do not try again.`, { couponId });
  }
}

/** The user holds a slot of this coupon already; said before sold out, so that a holder learns that they hold it. */
export class AlreadyIssuedError extends DomainError {
  constructor(couponId: number, userId: number) {
    super(
      'ALREADY_ISSUED',
      `User ${userId} already holds coupon ${couponId}. GET /api/coupons/${couponId}/reservations/${userId} shows how far it is.`,
      { couponId, userId },
    );
  }
}

/** Every slot is held. */
export class CouponSoldOutError extends DomainError {
  constructor(couponId: number) {
    super('COUPON_SOLD_OUT', `Coupon ${couponId} is sold out. A slot that is given back is offered again.`, {
      couponId,
    });
  }
}

/** With the new total there would be fewer slots than what is issued and reserved together. */
export class QuantityBelowCommittedError extends DomainError {
  constructor({ id: couponId, totalQuantity, returnedQuantity }: Lowered, committedQuantity: number) {
    const givenBack = returnedQuantity === 0 ? '' : `, ${returnedQuantity} slots were given back`;
    super(
      'QUANTITY_BELOW_COMMITTED',
      `Coupon ${couponId} cannot be lowered to ${totalQuantity}: ${committedQuantity} are issued or reserved${givenBack}. ` +
        `Choose at least ${committedQuantity - returnedQuantity}.`,
      { couponId, totalQuantity, committedQuantity },
    );
  }
}

/** The user has no reservation of this coupon, and never had one that failed. */
export class ReservationNotFoundError extends DomainError {
  constructor(couponId: number, userId: number) {
    super(
      'RESERVATION_NOT_FOUND',
      `User ${userId} has no reservation of coupon ${couponId}. POST /api/coupons/${couponId}/reserve makes one.`,
      { couponId, userId },
    );
  }
}

/** The coupon has no failure of this id. */
export class FailureNotFoundError extends DomainError {
  constructor(couponId: number, failureId: number) {
    super(
      'FAILURE_NOT_FOUND',
      `Coupon ${couponId} has no failure ${failureId}. GET /api/coupons/${couponId}/failures lists those it has.`,
      { couponId, failureId },
    );
  }
}

/** The reservation ended as FAILED; its slot is given back. */
export class IssuanceFailedError extends DomainError {
  constructor(reason: FailureReason) {
    super(
      'ISSUANCE_FAILED',
      `The coupon could not be issued (${reason}), and the slot was given back. It may be asked for again.`,
      { reason },
    );
  }
}

/** Redis can't be asked, or the coupon is being rebuilt; nothing was promised to the caller. */
export class ReservationUnavailableError extends DomainError {
  override readonly retryAfterSeconds = 1;

  constructor(couponId: number, options?: ErrorOptions) {
    super(
      'RESERVATION_UNAVAILABLE',
      `Coupon ${couponId} cannot be reserved at the moment. Try again in a second.`,
      { couponId },
      options,
    );
  }
}

/** Others wait already, as many as may; nothing is wrong with the reservation. */
export class TooManyWaitersError extends DomainError {
  override readonly retryAfterSeconds = 3;

  constructor(where: 'here' | 'for this user') {
    super('TOO_MANY_WAITERS', `Too many wait ${where} already. Ask without waiting, or try again in a few seconds.`);
  }
}
