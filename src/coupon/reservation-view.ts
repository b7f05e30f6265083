import type { FailureReason } from './issuance-failure.entity.js';

/** The answer to a reservation. ISSUED at once only with `strategy: lock`. */
export interface Reserved {
  readonly couponId: number;
  readonly userId: number;
  readonly sequenceNumber: number;
  readonly status: 'RESERVED' | 'ISSUED';
  readonly message: string;
}

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
export type Issued = Omit<IssuedRow, 'issuedAt' | 'expiresAt'> & {
  readonly status: 'ISSUED';
  readonly issuedAt: string;
  readonly expiresAt: string;
};

/** How far a reservation is. */
export interface ReservationState {
  readonly couponId: number;
  readonly userId: number;
  readonly sequenceNumber: number;
  readonly status: 'RESERVED' | 'ISSUED' | 'FAILED';
  readonly userCouponId?: number;
  readonly code?: string | null;
  readonly issuedAt?: string;
  readonly failureReason?: FailureReason;
}

/** Says the number, and never "of how many": after a restart of Redis the numbers go on above a gap. */
export function reserved(couponId: number, userId: number, sequenceNumber: number): Reserved {
  const message = `Reserved: you are number ${sequenceNumber}. Your coupon is being issued.`;
  return { couponId, userId, sequenceNumber, status: 'RESERVED', message };
}

export function issued({ issuedAt, expiresAt, ...row }: IssuedRow): Issued {
  return { ...row, status: 'ISSUED', issuedAt: issuedAt.toISOString(), expiresAt: expiresAt.toISOString() };
}
