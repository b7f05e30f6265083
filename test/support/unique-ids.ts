import { randomInt } from 'node:crypto';

/** More than any test file uses; files run side by side and against a database that earlier runs have filled. */
const RANGE = 1_000_000;
/** Far above the users that the seeder creates. */
const FIRST = 1_000_000_000;

let next = FIRST + randomInt(2 ** 32) * RANGE;

/**
 * The next `count` user ids of this test file's own range: nobody else uses them, and they have no row in `users`
 * (coupons for `audience: 'anyone'` need none).
 */
export function newUserIds(count: number): number[] {
  const first = next;
  next += count;
  return Array.from({ length: count }, (_, index) => first + index);
}

/** One more user id of this test file's own range. */
export function newUserId(): number {
  next += 1;
  return next - 1;
}
