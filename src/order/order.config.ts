import { z } from 'zod';
import type { Config } from '../platform/config/config.schema.js';
import { atMost, type DeepReadonly, wholeNumber } from '../platform/config/settings.js';

const MINUTES_PER_DAY = 24 * 60;

/** The settings under `order`. */
export const orderSettings = z.strictObject({
  /** For so long after its payment a paid order may be cancelled, and is refunded; a day is exactly 24 hours. */
  refundDays: wholeNumber(1, 3_650),
  /** An order that was made so long ago and is not paid expires, and how often such orders are looked for. */
  expireAfterMinutes: wholeNumber(1, 43_200),
  expiryIntervalMs: wholeNumber(50, 3_600_000),
  /** Orders that were never paid are deleted so long after they were made. */
  retentionDays: wholeNumber(1, 3_650),
});

export type OrderConfig = Config & { readonly order: DeepReadonly<z.output<typeof orderSettings>> };

export const expiredOrdersAreKept = atMost<OrderConfig>(
  ['order', 'expireAfterMinutes'],
  'not longer than order.retentionDays, after which orders that were never paid are deleted',
  ({ order }) => (order?.retentionDays ?? Number.NaN) * MINUTES_PER_DAY,
);
