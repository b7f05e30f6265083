import type { Reservation } from './reservation.js';

declare module '../../platform/events/domain-event.js' {
  interface EventMap {
    'coupon.reserved': CouponReservedEvent;
  }
}

/** Redis has admitted users. Published after the script; the pending entries tell the same to the sweep. */
export class CouponReservedEvent {
  readonly type = 'coupon.reserved';

  constructor(
    readonly couponId: number,
    readonly reservations: readonly Reservation[],
  ) {}
}
