import { z } from 'zod';
import type { Config } from '../platform/config/config.schema.js';
import { type DeepReadonly, wholeNumber } from '../platform/config/settings.js';

const TIME_ZONE_NEEDED = 'must be the name of a time zone, such as Asia/Seoul';

/** The settings under `ranking`. */
export const rankingSettings = z.strictObject({
  timeZone: z.string({ error: TIME_ZONE_NEEDED }).refine(isTimeZone, { error: TIME_ZONE_NEEDED }),
  readTimeoutMs: wholeNumber(10, 10_000),
  reconcile: z.strictObject({ intervalMs: wholeNumber(100, 3_600_000) }),
  backup: z.strictObject({ intervalMs: wholeNumber(100, 86_400_000), retentionDays: wholeNumber(1, 3_650) }),
});

export type RankingConfig = Config & { readonly ranking: DeepReadonly<z.output<typeof rankingSettings>> };

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format() !== '';
  } catch {
    return false;
  }
}
