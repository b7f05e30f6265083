import { z } from 'zod';
import { type DeepReadonly, onOff, wholeNumber } from '../../platform/config/settings.js';
import type { IdentityConfig } from '../identity.config.js';

const limit = z.strictObject({ max: wholeNumber(1, 1_000_000), windowMs: wholeNumber(100, 3_600_000) });

/** The settings under `rateLimit`: how often a caller may ask one instance, within how long. */
export const rateLimitSettings = z.strictObject({
  enabled: onOff,
  /** Of one address, of IPv6 of one /64: whatever it asks for. */
  address: limit,
  /** Of one user, where `identity.mode` is `required`: for a coupon. */
  user: limit,
});

export type RateLimitConfig = IdentityConfig & {
  readonly rateLimit: DeepReadonly<z.output<typeof rateLimitSettings>>;
};
