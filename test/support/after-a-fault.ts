import { expect } from '@jest/globals';
import { type Answer, type ApiClient, type IssuedBody, type ReservationBody, tally } from './api-client.js';
import type { TestDatabase } from './database.js';
import { expectConsistent, expectIssued } from './drop.js';
import { inParallel } from './in-parallel.js';
import { eventually } from './poll.js';
import { newUserIds } from './unique-ids.js';

/** Slots that are left after a fault, to be asked for by twice as many. */
const SOON_SOLD_OUT = 50;

type Told = Answer<ReservationBody | IssuedBody>;

interface World {
  readonly api: ApiClient;
  readonly database: TestDatabase;
}

/** Some may have been refused, as those whom Redis cannot answer are; nothing else went wrong. */
export function expectServedOrRefused(answers: ReadonlyArray<Answer<unknown>>): void {
  const { '200': _served, '503 RESERVATION_UNAVAILABLE': _refused, ...others } = tally(answers);
  expect(others).toEqual({});
}

/** The users who were told that they hold a slot, with their numbers; @throws when one of either was told twice. */
export function promises(answers: readonly Told[]): Map<number, number> {
  const accepted = answers.filter(({ status }) => status === 200 || status === 202).map(({ body }) => body);
  const numbers = new Map(accepted.map(({ userId, sequenceNumber }) => [userId, sequenceNumber]));
  expect(numbers.size).toBe(accepted.length);
  expect(new Set(numbers.values()).size).toBe(accepted.length);
  return numbers;
}

/**
 * What must be true after any fault, once the servers are back: every promise is kept under the number that was told;
 * with more demand exactly the stock is issued, to different users under different numbers; Redis and MySQL agree.
 */
export async function expectHealed(
  { api, database }: World,
  couponId: number,
  answers: readonly Told[],
): Promise<void> {
  await expectIssued(database, couponId, promises(answers));
  await leaveOnly(SOON_SOLD_OUT, api, couponId);
  const later = await sellOut(api, couponId);
  await expectIssued(database, couponId, promises([...answers, ...later]));
  await expectConsistent(api, couponId);

  const { totalQuantity, failedQuantity } = await database.couponCounts(couponId);
  const rows = await database.userCoupons(couponId);
  expect({ rows: rows.length, failedQuantity }).toEqual({ rows: totalQuantity, failedQuantity: 0 });
  expect(new Set(rows.map(({ userId }) => userId)).size).toBe(totalQuantity);
  expect(new Set(rows.map(({ sequenceNumber }) => sequenceNumber)).size).toBe(totalQuantity);
}

/** Lowers the stock until no more than `quantity` can still be had. Tests ask for far more than they will need. */
async function leaveOnly(quantity: number, api: ApiClient, couponId: number): Promise<void> {
  await eventually(async () => {
    const { body } = await api.coupon(couponId);
    if (body.reservedQuantity === null) throw new Error('Redis is not back yet');
    const totalQuantity = body.issuedQuantity + body.reservedQuantity + quantity;
    if (totalQuantity >= body.totalQuantity) return;
    expect((await api.patchCoupon(couponId, { totalQuantity })).status).toBe(200);
  });
}

/** New users ask until there is nothing left. */
async function sellOut(api: ApiClient, couponId: number): Promise<Array<Answer<ReservationBody>>> {
  const answers: Array<Answer<ReservationBody>> = [];
  await eventually(async () => {
    const more = await inParallel(newUserIds(2 * SOON_SOLD_OUT), (userId) => api.reserve(couponId, userId));
    answers.push(...more);
    // While the coupon is being loaded some hear 503; and nothing is left pending that could be given back.
    expect(more.map(({ error }) => error)).toEqual(more.map(() => 'COUPON_SOLD_OUT'));
  });
  return answers;
}
