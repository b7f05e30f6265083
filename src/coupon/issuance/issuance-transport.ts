import type { Reservation } from '../reservation/reservation.js';

/**
 * Brings admitted users to those who issue, as `coupon.issuance.transport` says. It may lose them, and bring them twice
 * or late: Redis knows what is pending, and the sweep finds it.
 */
export interface IssuanceTransport {
  /** Takes them off the caller's hands at once; never throws. */
  submit(couponId: number, reservations: readonly Reservation[]): void;
}
