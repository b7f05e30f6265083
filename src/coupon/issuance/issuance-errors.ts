/** The coupon has no row in MySQL: nothing of it can be decided, however often it is tried. */
export class CouponGoneError extends Error {
  override readonly name = 'CouponGoneError';

  constructor(readonly couponId: number) {
    super(`coupon ${couponId} has reservations but no row in coupons`);
  }
}
