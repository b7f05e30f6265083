import type { UserCouponRow } from '../rows.js';
import type { View } from '../view.js';

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
