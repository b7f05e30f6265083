import type { UserCouponRow } from '../rows.js';
import type { View } from '../view.js';

/** The user coupons with a greater number that are meant, the lowest number first; a plain read. */
export function rowsAfter(
  view: View,
  couponId: number,
  after: number,
  isMeant: (row: UserCouponRow) => boolean,
): UserCouponRow[] {
  return view
    .rowsOf(view.tables.userCoupons.bySequence, couponId)
    .filter((row) => row.sequenceNumber > after && isMeant(row))
    .sort((a, b) => a.sequenceNumber - b.sequenceNumber);
}

/** As ORDER BY sequence_number LIMIT. */
export function firstNumbers(rows: readonly UserCouponRow[], limit: number): number[] {
  return rows.slice(0, limit).map(({ sequenceNumber }) => sequenceNumber);
}

/**
 * The user coupons with these numbers, the lowest first; a plain read. Who locks them does so by their ids: InnoDB locks a
 * row itself, too, whichever index has found it, and a lock of the simulation is of one index.
 */
export function rowsOfNumbers(view: View, couponId: number, numbers: readonly number[]): UserCouponRow[] {
  return numbers
    .toSorted((a, b) => a - b)
    .map((number) => view.find(view.tables.userCoupons.bySequence, [couponId, number]))
    .filter((row) => row !== undefined);
}
