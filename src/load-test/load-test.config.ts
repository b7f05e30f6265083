import { z } from 'zod';
import type { Config } from '../platform/config/config.schema.js';
import { type DeepReadonly, onOff, rule } from '../platform/config/settings.js';

/** The settings under `loadTest`. */
export const loadTestSettings = z.strictObject({ seedAtStart: onOff });

export type LoadTestConfig = Config & { readonly loadTest: DeepReadonly<z.output<typeof loadTestSettings>> };

/** P9 */
export const noSeedInProduction = rule<LoadTestConfig>(
  ['loadTest', 'seedAtStart'],
  'must be false in production, where there are neither test users nor test coupons',
  ({ profile, loadTest }) => profile !== 'production' || loadTest?.seedAtStart !== true,
);
