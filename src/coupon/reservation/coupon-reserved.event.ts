import type { Reservation } from './reservation.js';

/** A user has been admitted in Redis. Emitted after the script committed; the pending entry tells the same to the sweep. */
export class CouponReservedEvent {
  static readonly type = 'coupon.reserved';

  constructor(
    readonly couponId: number,
    readonly reservation: Reservation,
  ) {}
}
