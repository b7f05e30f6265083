import type { FailureReason } from './issuance-failure.entity.js';

/** A reservation that has ended. */
export type ReservationEnding =
  | {
      readonly status: 'ISSUED';
      readonly sequenceNumber: number;
      readonly userCouponId: number;
      readonly code: string | null;
      readonly issuedAt: string;
      /** Until when the user coupon may be spent. */
      readonly expiresAt: string;
    }
  | { readonly status: 'FAILED'; readonly sequenceNumber: number; readonly failureReason: FailureReason };

/** How far a reservation is, as it was read or announced. */
export type ReservationReading = { readonly status: 'RESERVED'; readonly sequenceNumber: number } | ReservationEnding;

/** One coupon's user. */
export interface Holding {
  readonly couponId: number;
  readonly userId: number;
}

/** What a row says of its reservation. */
interface Row {
  readonly sequenceNumber: number;
  readonly userCouponId: number;
  readonly code: string | null;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

export function issuedReading({ sequenceNumber, userCouponId, code, issuedAt, expiresAt }: Row) {
  const times = { issuedAt: issuedAt.toISOString(), expiresAt: expiresAt.toISOString() };
  return { status: 'ISSUED' as const, sequenceNumber, userCouponId, code, ...times };
}

export function hasEnded(reading: ReservationReading): reading is ReservationEnding {
  return reading.status !== 'RESERVED';
}

/**
 * Whether a reading says more than what is known. One that is late may be of an earlier reservation of the user, which
 * had a lower number; but a row is the user's for good, whatever its number.
 */
export function isNews(reading: ReservationReading, known: ReservationReading | undefined): boolean {
  if (known === undefined) return true;
  if (hasEnded(known)) return false;
  if (reading.status === 'ISSUED') return true;
  if (reading.status === 'FAILED') return reading.sequenceNumber >= known.sequenceNumber;
  return reading.sequenceNumber > known.sequenceNumber;
}
