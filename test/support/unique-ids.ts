import { randomInt } from 'node:crypto';

/** More than any test file uses; files run side by side and against a database that earlier runs have filled. */
const RANGE = 1_000_000;
/** Far above the users that the seeder creates. */
const FIRST = 1_000_000_000;

/** Hands out the ids of one of so many ranges. */
function idsOfOneOf(ranges: number): (count: number) => number[] {
  let next = FIRST + randomInt(ranges) * RANGE;
  return (count) => {
    const first = next;
    next += count;
    return Array.from({ length: count }, (_, index) => first + index);
  };
}

/**
 * The next `count` user ids of this test file's own range: nobody else uses them, and they have no row in `users`
 * (coupons for `audience: 'anyone'` need none).
 */
export const newUserIds = idsOfOneOf(2 ** 32);

/**
 * As {@link newUserIds}, for the campaign RPC, whose ids end at 2^31 - 1. There are few ranges of them, so others may draw
 * the same, for other coupons.
 */
export const newInt32UserIds = idsOfOneOf(1_000);

/** One more user id of this test file's own range. */
export function newUserId(): number {
  return newUserIds(1)[0] as number;
}

/** One more of {@link newInt32UserIds}. */
export function newInt32UserId(): number {
  return newInt32UserIds(1)[0] as number;
}
