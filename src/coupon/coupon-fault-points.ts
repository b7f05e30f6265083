/** Where a test may kill the process in the life of a reservation, in its order, and in a rebuild. */
export type CouponFaultPoint =
  | 'before-reserve'
  | 'after-reserve'
  | 'inside-transaction'
  | 'after-commit'
  | 'after-failure-commit'
  | 'during-rebuild';

declare module '../platform/fault-points.js' {
  interface FaultPointNames {
    coupon: CouponFaultPoint;
  }
}
