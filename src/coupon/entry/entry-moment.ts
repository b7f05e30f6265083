import { createHmac } from 'node:crypto';
import type { CouponDefinition } from '../reservation/coupon-definition.js';

/** 48 bits: against at most ten minutes in ms, what the remainder favours is one part in 400 million. */
const DRAWN_BYTES = 6;
const MS_PER_SECOND = 1000;

type Window = Pick<CouponDefinition, 'startsAt' | 'expiresAt' | 'entrySpreadSeconds'>;

/**
 * The user's own moment after the start, in ms since 1970: the same however often it is asked for, evenly spread over
 * the users, and known to nobody who does not have the coupon's seed. Within the window, also where that is shorter than
 * the spread.
 */
export function entryMoment(seed: Buffer, userId: number, { startsAt, expiresAt, entrySpreadSeconds }: Window): number {
  const spreadMs = Math.min(entrySpreadSeconds * MS_PER_SECOND, expiresAt - startsAt);
  if (spreadMs <= 0) return startsAt;
  const drawn = createHmac('sha256', seed).update(String(userId)).digest().readUIntBE(0, DRAWN_BYTES);
  return startsAt + (drawn % spreadMs);
}
