import type { RedisCoupon } from '../reservation/redis-coupon.store.js';

/** What one look saw of a coupon: first Redis, at one moment, and then MySQL. */
export interface Look {
  readonly redis: Pick<RedisCoupon, 'loaded' | 'reserved' | 'users' | 'pending'>;
  readonly capacity: number;
  readonly issuedQuantity: number;
}

/**
 * By how many slots Redis and MySQL contradict each other or themselves, by their counters alone; 0 when they agree.
 *
 * Work in flight is no drift. A user of the set is pending until after the row is committed, so the users who are not
 * pending are never more than the rows of a *later* look; and a row's user was in the set before, so the users are
 * never less than the rows of an *earlier* one. Hence two looks; each of them must show the contradiction.
 */
export function driftBetween(before: Look, now: Look): number {
  const counter = Math.min(counterMismatch(before), counterMismatch(now));
  const overIssued = Math.min(surplus(before), surplus(now));
  if (!before.redis.loaded || !now.redis.loaded) return counter + overIssued;
  const settled = Math.min(before.redis.users - before.redis.pending, now.redis.users - now.redis.pending);
  const leaked = Math.max(0, settled - now.issuedQuantity);
  const withoutSlot = Math.max(0, before.issuedQuantity - now.redis.users);
  return counter + overIssued + leaked + withoutSlot;
}

function counterMismatch({ redis: { reserved, users } }: Look): number {
  return reserved === undefined ? 0 : Math.abs(reserved - users);
}

function surplus({ issuedQuantity, capacity }: Look): number {
  return Math.max(0, issuedQuantity - capacity);
}
