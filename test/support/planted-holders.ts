import type { TestDatabase } from './database.js';
import { newUserIds } from './unique-ids.js';

const DIGITS = `(${Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS digit`).join(' UNION ALL ')})`;

/** A table of the numbers from 0 on, at least `count` of them, as both servers make one. */
function numbersBelow(count: number): string {
  const places = Array.from({ length: String(count - 1).length }, (_, place) => place);
  const number = places.map((place) => `d${place}.digit * ${10 ** place}`).join(' + ');
  return `(SELECT ${number} AS number FROM ${places.map((place) => `${DIGITS} d${place}`).join(', ')}) AS numbers`;
}

/**
 * Writes rows into the ledger of a coupon that nobody has claimed: numbers from 1 on, user ids in a row, to be used until
 * the year 2999; returns the first user's id. The coupon is one of strategy `lock`, which Redis knows nothing of.
 *
 * @param count at most a million, which a file has ids for
 */
export async function plantHolders(database: TestDatabase, couponId: number, count: number): Promise<number> {
  const [firstUser = 0] = newUserIds(count);
  await database.change(
    `INSERT INTO user_coupons (coupon_id, user_id, sequence_number, code, issued_at, expires_at)
     SELECT ?, ? + number, 1 + number, NULL, '2026-01-01', '2999-01-01'
       FROM ${numbersBelow(count)} WHERE number < ? ORDER BY number`,
    [couponId, firstUser, count],
  );
  await database.change('UPDATE coupons SET issued_quantity = ? WHERE id = ?', [count, couponId]);
  return firstUser;
}
