import type { Reservation } from './reservation.js';

/**
 * Users have been admitted in Redis. Emitted after the script committed; the pending entries tell the same to the
 * sweep.
 */
export class CouponReservedEvent {
  static readonly type = 'coupon.reserved';

  constructor(
    readonly couponId: number,
    readonly reservations: readonly Reservation[],
  ) {}
}
