import type { ToldEvent } from '../events/index.js';
import type { Coupon } from './coupon.entity.js';
import { usableUntilOf } from './usage-terms.js';

/** Who got, or did not get, the coupon: [user id, sequence number]. The rest is read where they are told. */
export type ToldReservations = ReadonlyArray<readonly [userId: number, sequenceNumber: number]>;

interface Numbered {
  readonly userId: number;
  readonly sequenceNumber: number;
}

/** What one transaction has decided. */
interface Decided {
  readonly issued: readonly Numbered[];
  readonly failed: readonly Numbered[];
}

/** What the coupon's row said when that was counted. */
interface Counted {
  readonly lastPosition: number;
  readonly isSoldOut: boolean;
}

/** What others are told of a coupon stands under this subject, in the order of its row lock. */
export function couponSubject(couponId: number): string {
  return `coupons/${couponId}`;
}

/** One event for all whom a transaction issued the coupon, one for all who failed, and one if that was the last of it. */
export function decidedEvents(
  couponId: number,
  { issued, failed }: Decided,
  { lastPosition, isSoldOut }: Counted,
  occurredAt: Date,
): ToldEvent[] {
  const told = [
    ...(issued.length > 0 ? [{ type: 'firstcome.coupon.issued' as const, content: pairs(issued) }] : []),
    ...(failed.length > 0 ? [{ type: 'firstcome.coupon.failed' as const, content: pairs(failed) }] : []),
    ...(isSoldOut ? [{ type: 'firstcome.coupon.sold-out' as const, content: {} }] : []),
  ];
  const subject = couponSubject(couponId);
  const before = lastPosition - told.length;
  return told.map((each, index) => ({ ...each, subject, position: before + index + 1, couponId, occurredAt }));
}

/** Whose user coupons one transaction took back. */
export interface ToldRevocation {
  readonly reason: string;
  readonly revoked: ToldReservations;
}

/** One event for all whose user coupons a transaction took back. */
export function revokedEvent(
  couponId: number,
  revoked: readonly Numbered[],
  { reason, position, revokedAt }: { readonly reason: string; readonly position: number; readonly revokedAt: Date },
): ToldEvent<ToldRevocation> {
  return {
    type: 'firstcome.coupon.revoked',
    subject: couponSubject(couponId),
    position,
    couponId,
    content: { reason, revoked: pairs(revoked) },
    occurredAt: revokedAt,
  };
}

/** The definition as it is from now on. */
export function changedEvent(coupon: Coupon): ToldEvent {
  const { id: couponId, name, totalQuantity, startsAt, expiresAt, isActive, eventPosition: position } = coupon;
  const { usableDays, isRedeemable } = coupon;
  const usableUntil = usableDays === null ? usableUntilOf(coupon) : null;
  return {
    type: 'firstcome.coupon.changed',
    subject: couponSubject(couponId),
    position,
    couponId,
    content: { name, totalQuantity, startsAt, expiresAt, usableDays, usableUntil, isActive, isRedeemable },
    occurredAt: coupon.updatedAt ?? coupon.createdAt,
  };
}

function pairs(reservations: readonly Numbered[]): ToldReservations {
  return reservations.map(({ userId, sequenceNumber }) => [userId, sequenceNumber]);
}
