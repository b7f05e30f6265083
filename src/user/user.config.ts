import { z } from 'zod';
import type { Config } from '../platform/config/config.schema.js';
import { type DeepReadonly, wholeNumber } from '../platform/config/settings.js';

/** The settings under `user`. */
export const userSettings = z.strictObject({
  /** Of how many registered users this process remembers that they are, and for how long. */
  cacheSize: wholeNumber(1, 10_000_000),
  cacheTtlMs: wholeNumber(1_000, 86_400_000),
  /** Of charges, orders and payments: how many may use a connection at once, and how long the others wait for one. */
  purchases: z.strictObject({ maxConnections: wholeNumber(1, 1_000), waitMs: wholeNumber(10, 600_000) }),
});

export type UserConfig = Config & { readonly user: DeepReadonly<z.output<typeof userSettings>> };
