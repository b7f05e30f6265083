import { ConnectionClass } from '../platform/database/pool/connection-class.js';
import type { UserConfig } from './user.config.js';

/** Charges, orders and payments: they wait for each other's rows, of users and of products. */
export const PURCHASES = new ConnectionClass<UserConfig>('purchases', ({ user: { purchases } }) => ({
  max: purchases.maxConnections,
  waitMs: purchases.waitMs,
}));
