import type { AppConfig } from './config.js';
import { COUPON_CHANGES, COUPON_ISSUANCE, COUPON_LOCK } from './coupon/coupon-connections.js';
import type { ConnectionClass } from './platform/database/pool/connection-class.js';
import { PURCHASES } from './user/purchase-connections.js';

/** Every module's classes of callers. `database.poolSize` must have a connection for each, and one for the rest. */
export const CONNECTION_CLASSES: ReadonlyArray<ConnectionClass<AppConfig>> = [
  COUPON_ISSUANCE,
  COUPON_LOCK,
  COUPON_CHANGES,
  PURCHASES,
];
