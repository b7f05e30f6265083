/** One user who asks for a slot. */
export interface ReserveRequest {
  readonly userId: number;
  /** By `ReservationMetrics.now()`. */
  readonly askedAt: number;
}

/** One try of one user to get a slot of a coupon, named by (coupon, user, sequence number). */
export interface Reservation {
  readonly userId: number;
  /** "You are the 42nd": increases in the order of acceptance, never reused (P5). */
  readonly sequenceNumber: number;
  /** When it was admitted, in ms since 1970; not known of one that was found pending in Redis. */
  readonly reservedAt?: number;
}

/** Why a reservation was refused; nothing was changed. */
export type Refusal = 'NOT_LOADED' | 'INACTIVE' | 'NOT_STARTED' | 'EXPIRED' | 'ALREADY_RESERVED' | 'SOLD_OUT';
