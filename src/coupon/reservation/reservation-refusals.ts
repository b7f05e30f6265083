import type { DomainError } from '../../platform/errors/domain-error.js';
import {
  AlreadyIssuedError,
  CouponExpiredError,
  CouponInactiveError,
  CouponNotStartedError,
  CouponSoldOutError,
  ReservationUnavailableError,
} from '../coupon.errors.js';
import type { Refusal } from './reservation.js';

/** What the caller hears for each refusal of the script. */
const ERROR_OF: Record<Refusal, (couponId: number, userId: number) => DomainError> = {
  NOT_LOADED: (couponId) => new ReservationUnavailableError(couponId),
  INACTIVE: (couponId) => new CouponInactiveError(couponId),
  NOT_STARTED: (couponId) => new CouponNotStartedError(couponId),
  EXPIRED: (couponId) => new CouponExpiredError(couponId),
  ALREADY_RESERVED: (couponId, userId) => new AlreadyIssuedError(couponId, userId),
  SOLD_OUT: (couponId) => new CouponSoldOutError(couponId),
};

export function refusalError(refusal: Refusal, couponId: number, userId: number): DomainError {
  return ERROR_OF[refusal](couponId, userId);
}
