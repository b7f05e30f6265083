import type { Redis } from 'ioredis';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import type { BusinessDay } from '../../src/ranking/business-day.js';
import { rankingKeys } from '../../src/ranking/ranking-keys.js';
import type { TestDatabase } from './database.js';

/** What Redis holds of a coupon while it can be reserved. */
export const RESERVATION_KEYS = ['state', 'reserved', 'users', 'sequence', 'pending'] as const;
export type ReservationKey = (typeof RESERVATION_KEYS)[number];

/** Deletes keys of a coupon, as a Redis that has lost data would. */
export async function deleteKeys(redis: Redis, couponId: number, ...names: readonly ReservationKey[]): Promise<void> {
  await redis.del(names.map((name) => keys[name](couponId)));
}

/** A slot that Redis counts and holds for the user. */
export async function plantSlot(redis: Redis, couponId: number, userId: number): Promise<void> {
  await redis.multi().sadd(keys.users(couponId), String(userId)).incr(keys.reserved(couponId)).exec();
}

/** Takes a slot away, and its count. */
export async function loseSlot(redis: Redis, couponId: number, userId: number): Promise<void> {
  await redis.multi().srem(keys.users(couponId), String(userId)).decr(keys.reserved(couponId)).exec();
}

/** Writes a row and counts it, as the ledger would if nothing kept it from it. */
export async function plantRow(
  database: TestDatabase,
  couponId: number,
  userId: number,
  sequenceNumber: number,
): Promise<void> {
  await database.change(
    'INSERT INTO user_coupons (coupon_id, user_id, sequence_number, issued_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3))',
    [couponId, userId, sequenceNumber],
  );
  await database.change('UPDATE coupons SET issued_quantity = issued_quantity + 1 WHERE id = ?', [couponId]);
}

/**
 * Failures that wait for a retry, with the first numbers of a coupon of which Redis has given out none: it is told that
 * it has, since numbers that it has not given out have the coupon rebuilt, and it refuses everyone meanwhile.
 */
export async function plantFailures(
  { redis, database }: { redis: Redis; database: TestDatabase },
  couponId: number,
  userIds: readonly number[],
): Promise<void> {
  await redis.set(keys.sequence(couponId), userIds.length);
  for (const [index, userId] of userIds.entries())
    await database.change(
      `INSERT INTO issuance_failures (coupon_id, user_id, sequence_number, reason, detail, failed_at)
       VALUES (?, ?, ?, 'REFUSED_BY_DATABASE', 'too bad', UTC_TIMESTAMP(3))`,
      [couponId, userId, index + 1],
    );
}

/** Makes the last reconcile of the day so much older, as if nobody had been able to reconcile since. */
export async function ageReconcile(redis: Redis, day: BusinessDay, byMs: number): Promise<void> {
  const marker = rankingKeys.reconciled(day);
  const [server, beganAt] = (await redis.get(marker))?.split(' ') ?? [];
  await redis.set(marker, `${server} ${Number(beganAt) - byMs}`, 'KEEPTTL');
}
