import type { AnswerOf } from '../platform/http/response-schemas.js';
import type { ReservationReading } from './reservation-reading.js';
import type { issuedResponse, reservationResponse, reservedResponse } from './coupon.responses.js';

/** The answer to a reservation. ISSUED at once only with `strategy: lock`. */
export type Reserved = AnswerOf<typeof reservedResponse>;

/** A row of `user_coupons` with what the answer says about its coupon. */
export interface IssuedRow {
  readonly userCouponId: number;
  readonly couponId: number;
  readonly couponName: string;
  readonly userId: number;
  readonly sequenceNumber: number;
  readonly code: string | null;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** The answer to a reservation whose row is committed. */
export type Issued = AnswerOf<typeof issuedResponse>;

/** How far a reservation is. */
export type ReservationState = AnswerOf<typeof reservationResponse>;

/** Says the number, and never "of how many": after a restart of Redis the numbers go on above a gap. */
export function reserved(couponId: number, userId: number, sequenceNumber: number): Reserved {
  const message = `Reserved: you are number ${sequenceNumber}. Your coupon is being issued.`;
  return { couponId, userId, sequenceNumber, status: 'RESERVED', message };
}

/** Until when the user coupon may be spent is a matter of the user coupon, not of the reservation. */
export function stateOf(couponId: number, userId: number, reading: ReservationReading): ReservationState {
  if (reading.status !== 'ISSUED') return { couponId, userId, ...reading };
  const { expiresAt: _useBy, ...state } = reading;
  return { couponId, userId, ...state };
}

export function issued(row: IssuedRow): Issued {
  return {
    userCouponId: row.userCouponId,
    couponId: row.couponId,
    couponName: row.couponName,
    userId: row.userId,
    sequenceNumber: row.sequenceNumber,
    code: row.code,
    status: 'ISSUED',
    issuedAt: row.issuedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  };
}
