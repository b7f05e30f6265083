import { randomInt } from 'node:crypto';

/** More than any test file uses; files run side by side and against a database that earlier runs have filled. */
const RANGE = 1_000_000;
/** Far above the users that the seeder creates. */
const FIRST = 1_000_000_000;

let next = FIRST + randomInt(2 ** 32) * RANGE;
/** Of the campaign RPC's ids, which end at 2^31 - 1; few files need them, so that they rarely draw the same range. */
let nextInt32 = FIRST + randomInt(1_000) * RANGE;

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

/** As {@link newUserIds}, for the campaign RPC, whose ids have 32 bits. Others may draw the same, for other coupons. */
export function newInt32UserIds(count: number): number[] {
  const first = nextInt32;
  nextInt32 += count;
  return Array.from({ length: count }, (_, index) => first + index);
}

/** One more of {@link newInt32UserIds}. */
export function newInt32UserId(): number {
  nextInt32 += 1;
  return nextInt32 - 1;
}
