import { z } from 'zod';
import type { Config } from '../platform/config/config.schema.js';
import { type DeepReadonly, wholeNumber } from '../platform/config/settings.js';

/** The settings under `user`: of how many registered users this process remembers that they are, and for how long. */
export const userSettings = z.strictObject({
  cacheSize: wholeNumber(1, 10_000_000),
  cacheTtlMs: wholeNumber(1_000, 86_400_000),
});

export type UserConfig = Config & { readonly user: DeepReadonly<z.output<typeof userSettings>> };
