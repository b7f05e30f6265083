import { expect } from '@jest/globals';
import type { ApiClient } from './api-client.js';
import type { Ask } from './crowd.js';
import type { TestDatabase } from './database.js';
import { expectConsistent } from './drop.js';
import { inParallel } from './in-parallel.js';

interface World {
  readonly api: ApiClient;
  readonly database: TestDatabase;
}

/** How a reservation ended in the ledger. */
interface Ending {
  readonly userId: number;
  readonly sequenceNumber: number;
  /** Null: ISSUED. */
  readonly reason: string | null;
}

/**
 * Asserts what must be true of a coupon in the end, whatever failed meanwhile: exactly the stock is issued, to as many
 * users; Redis and MySQL agree; whoever was answered 200 has a row, or a failure with a reason, under the very number
 * they were told; no number went to two of them; and each client was told greater and greater numbers.
 */
export async function expectPromisesKept(
  world: World,
  couponId: number,
  stock: number,
  asks: readonly Ask[],
): Promise<void> {
  await expectConsistent(world.api, couponId);
  const endings = await endingsOf(world, couponId);
  const issued = endings.filter(({ reason }) => reason === null);
  expect(issued).toHaveLength(stock);
  expect(new Set(issued.map(({ userId }) => userId)).size).toBe(stock);

  const accepted = asks.filter(({ answer }) => answer.status === 200);
  const ended = new Map(endings.map((ending) => [nameOf(ending), ending.reason]));
  expect(accepted.filter(({ answer }) => !ended.has(nameOf(answer.body))).map(({ answer }) => answer.body)).toEqual([]);
  await expectShownAsFailed(world, couponId, endings);

  expect(givenTwice([...accepted.map(({ answer }) => answer.body), ...endings])).toEqual([]);
  expect(toldOutOfOrder(accepted)).toEqual([]);
}

async function endingsOf({ database }: World, couponId: number): Promise<Ending[]> {
  return database.rows<Ending>(
    `SELECT user_id AS userId, sequence_number AS sequenceNumber, NULL AS reason FROM user_coupons WHERE coupon_id = ?
     UNION ALL
     SELECT user_id, sequence_number, reason FROM issuance_failures WHERE coupon_id = ?`,
    [couponId, couponId],
  );
}

/** Whoever failed learns so, and why. */
async function expectShownAsFailed({ api }: World, couponId: number, endings: readonly Ending[]): Promise<void> {
  const failed = endings.filter(({ reason }) => reason !== null);
  const shown = await inParallel(failed, ({ userId }) => api.reservation(couponId, userId), 16);
  expect(shown.map(({ body }) => body)).toMatchObject(
    failed.map(({ userId, sequenceNumber, reason }) => ({
      userId,
      sequenceNumber,
      status: 'FAILED',
      failureReason: reason,
    })),
  );
}

/** What names a reservation of a coupon. */
function nameOf({ userId, sequenceNumber }: { userId: number; sequenceNumber: number }): string {
  return `number ${sequenceNumber} of user ${userId}`;
}

/** The reservations whose number belongs to another user as well. */
function givenTwice(reservations: ReadonlyArray<{ userId: number; sequenceNumber: number }>): string[] {
  const userOf = new Map<number, number>();
  for (const { userId, sequenceNumber } of reservations) {
    if (!userOf.has(sequenceNumber)) userOf.set(sequenceNumber, userId);
  }
  return reservations.filter(({ userId, sequenceNumber }) => userOf.get(sequenceNumber) !== userId).map(nameOf);
}

/** The reservations that were told a smaller number than their client had been told before. */
function toldOutOfOrder(accepted: readonly Ask[]): string[] {
  const lastOf = new Map<number, number>();
  return accepted
    .filter(({ client, answer }) => {
      const isSmaller = answer.body.sequenceNumber <= (lastOf.get(client) ?? 0);
      lastOf.set(client, answer.body.sequenceNumber);
      return isSmaller;
    })
    .map(({ answer }) => nameOf(answer.body));
}
