/** One try of one user to get a slot of a coupon, named by (coupon, user, sequence number). */
export interface Reservation {
  readonly userId: number;
  /** "You are the 42nd": increases in the order of acceptance, never reused (P5). */
  readonly sequenceNumber: number;
  /** When this process reserved it, by `performance.now()`; only for the metrics, and not known to the sweep. */
  readonly reservedAt?: number;
}

/** Why a reservation was refused; nothing was changed. */
export type Refusal = 'NOT_LOADED' | 'INACTIVE' | 'NOT_STARTED' | 'EXPIRED' | 'ALREADY_RESERVED' | 'SOLD_OUT';
