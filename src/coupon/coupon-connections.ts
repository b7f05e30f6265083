import { ConnectionClass } from '../platform/database/pool/connection-class.js';
import type { CouponConfig } from './coupon.config.js';

/** The issuer: always has connections of its own, since what is reserved has been promised. */
export const COUPON_ISSUANCE = new ConnectionClass<CouponConfig>('coupon_issuance', ({ coupon: { issuance } }) => ({
  max: issuance.maxConnections,
  reserved: issuance.reservedConnections,
}));

/** The pessimistic strategy; its gate lets no more in. */
export const COUPON_LOCK = new ConnectionClass<CouponConfig>('coupon_lock', ({ coupon }) => ({
  max: coupon.lock.maxConcurrent,
}));

/** Changes of coupons, rebuilds and sweeps; see `CouponChanges`. */
export const COUPON_CHANGES = new ConnectionClass<CouponConfig>('coupon_changes', ({ coupon }) => ({
  max: coupon.changes.maxConnections,
}));
