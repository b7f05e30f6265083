import { expect } from '@jest/globals';
import type { Answer, ApiClient, IssuedBody, ReservationBody } from './api-client.js';
import type { TestDatabase } from './database.js';
import { numbersTo } from './numbers-to.js';
import { eventually } from './poll.js';

type Accepted = Answer<ReservationBody | IssuedBody>;

/** Those that were accepted (200), by user: the number each user was told. */
export function acceptedNumbers(answers: readonly Accepted[]): Map<number, number> {
  return new Map(answers.filter(({ status }) => status === 200).map(({ body }) => [body.userId, body.sequenceNumber]));
}

/** Waits until nothing is pending, and asserts that Redis and MySQL then agree in everything. */
export async function expectConsistent(api: ApiClient, couponId: number): Promise<void> {
  await eventually(async () => {
    const { status, body } = await api.audit(couponId);
    expect({ status, ...body }).toMatchObject({ status: 200, consistent: true, violations: [] });
    expect(body.redis?.pending ?? 0).toBe(0);
  });
}

/** Waits until every accepted user has a row under the very number that they were told. */
export async function expectIssued(
  database: TestDatabase,
  couponId: number,
  accepted: ReadonlyMap<number, number>,
): Promise<void> {
  await eventually(async () => {
    const rows = await database.userCoupons(couponId);
    const numbers = new Map(rows.map(({ userId, sequenceNumber }) => [userId, sequenceNumber]));
    const notIssued = [...accepted].filter(([userId, number]) => numbers.get(userId) !== number);
    expect(notIssued).toEqual([]);
  });
}

/**
 * Asserts a sold-out drop: the stock went to as many different users, numbered 1 to `quantity` without a gap; they are
 * those who were accepted, under the numbers they were told; and Redis and MySQL agree.
 */
export async function expectSoldOut(
  { api, database }: { api: ApiClient; database: TestDatabase },
  couponId: number,
  answers: readonly Accepted[],
  quantity: number,
): Promise<void> {
  const accepted = acceptedNumbers(answers);
  expect([...accepted.values()].sort((a, b) => a - b)).toEqual(numbersTo(quantity));
  await expectIssued(database, couponId, accepted);
  await expectConsistent(api, couponId);

  const rows = await database.userCoupons(couponId);
  expect(rows.map(({ sequenceNumber }) => sequenceNumber)).toEqual(numbersTo(quantity));
  expect(new Set(rows.map(({ userId }) => userId)).size).toBe(quantity);
  const { body } = await api.coupon(couponId);
  expect(body).toMatchObject({ status: 'SOLD_OUT', issuedQuantity: quantity, remainingQuantity: 0 });
}
