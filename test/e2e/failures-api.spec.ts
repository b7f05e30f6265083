import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { reservationKeys } from '../../src/coupon/reservation/reservation-keys.js';
import { type Answer, ApiClient, type FailureBody } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/poll.js';
import { openRedis } from '../support/redis.js';
import { time } from '../support/times.js';
import { newUserIds } from '../support/unique-ids.js';

let api: ApiClient;
let database: TestDatabase;
let redis: Redis;

beforeAll(async () => {
  api = new ApiClient((await startApp()).url);
  database = openDatabase();
  redis = openRedis(process.env['REDIS_URL'] ?? '');
});

async function failures(
  couponId: number,
  query: string,
): Promise<Answer<{ failures: FailureBody[]; nextCursor: string | null }>> {
  return await api.call(`/api/coupons/${couponId}/failures${query}`, { isAdmin: true });
}

/** A coupon with a stock of two, and one failure for each of the users. */
async function couponWithFailures(userIds: number[]): Promise<number> {
  const { couponId } = await api.createCoupon({ totalQuantity: 2 });
  // Numbers that Redis has not given out would have the coupon rebuilt.
  await redis.set(reservationKeys.sequence(couponId), 2000);
  for (const [index, userId] of userIds.entries()) {
    await database.change(
      `INSERT INTO issuance_failures (coupon_id, user_id, sequence_number, reason, detail, failed_at)
       VALUES (?, ?, ?, 'SOLD_OUT_IN_LEDGER', 'arranged by a test', '2026-11-20 09:00:00.123')`,
      [couponId, userId, 1000 + index],
    );
  }
  await database.change('UPDATE coupons SET failed_quantity = ? WHERE id = ?', [userIds.length, couponId]);
  return couponId;
}

describe('the failures of a coupon', () => {
  it('have these fields, and come page by page', async () => {
    const userIds = newUserIds(3);
    const couponId = await couponWithFailures(userIds);
    const pageOne = await failures(couponId, '?limit=2');
    expect(pageOne.status).toBe(200);
    const pageTwo = await failures(couponId, `?limit=2&cursor=${pageOne.body.nextCursor}`);
    expect(pageTwo.body.nextCursor).toBeNull();
    const found = [...pageOne.body.failures, ...pageTwo.body.failures].sort((a, b) => a.failureId - b.failureId);
    expect(found).toEqual(
      userIds.map((userId, index) => ({
        failureId: expect.any(Number),
        couponId,
        userId,
        sequenceNumber: 1000 + index,
        reason: 'SOLD_OUT_IN_LEDGER',
        detail: 'arranged by a test',
        failedAt: '2026-11-20T09:00:00.123Z',
        retriedAt: null,
      })),
    );
  });

  it('can be tried again all at once, in their order, until the coupon is sold out', async () => {
    const [first, second, third] = newUserIds(3) as [number, number, number];
    // The first has failed twice, and holds a slot once one of these is retried.
    const couponId = await couponWithFailures([first, first, second, third]);
    await api.patchCoupon(couponId, { isActive: false, expiresAt: new Date(Date.now() - 1_000).toISOString() });
    expect((await api.retryAll(couponId)).body).toEqual({ retried: 2, alreadyIssued: 1, soldOut: 1, remaining: 0 });
    for (const userId of [first, second])
      await eventually(async () => expect((await api.reservation(couponId, userId)).body.status).toBe('ISSUED'));
    const open = (await api.failures(couponId)).body.failures.filter(({ retriedAt }) => retriedAt === null);
    expect(open).toMatchObject([{ userId: third }]);

    expect((await api.retryAll(couponId)).body).toEqual({ retried: 0, alreadyIssued: 0, soldOut: 1, remaining: 0 });
    expect(await api.patchCoupon(couponId, { totalQuantity: 3 })).toMatchObject({ status: 200 });
    expect((await api.retryAll(couponId)).body).toEqual({ retried: 1, alreadyIssued: 0, soldOut: 0, remaining: 0 });
    expect((await api.retryAll(couponId)).body).toEqual({ retried: 0, alreadyIssued: 0, soldOut: 0, remaining: 0 });
    expect(await api.retryAll(9_007_199_254_740_991)).toMatchObject({ status: 404, error: 'COUPON_NOT_FOUND' });
  });

  it('can be tried again: as reserve, whatever the pause', async () => {
    const [first, second, third] = newUserIds(3);
    const couponId = await couponWithFailures([first, second, third].map((userId) => userId ?? 0));
    await api.patchCoupon(couponId, { isActive: false });
    const idOf = async (userId = 0) => {
      const { body } = await api.failures(couponId);
      return body.failures.find((failure) => failure.userId === userId)?.failureId ?? 0;
    };

    const answer = await api.retry(couponId, await idOf(first));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('location')).toBe(`/api/coupons/${couponId}/reservations/${first}`);
    const expected = {
      couponId,
      userId: first,
      sequenceNumber: expect.any(Number),
      status: 'RESERVED',
      message: expect.any(String),
    };
    expect(answer.body).toEqual(expected);
    await eventually(async () => expect((await api.reservation(couponId, first ?? 0)).body.status).toBe('ISSUED'));
    const retried = (await api.failures(couponId)).body.failures.find(({ userId }) => userId === first);
    expect(retried).toMatchObject({ retriedAt: time });

    expect(await api.retry(couponId, await idOf(first))).toMatchObject({ status: 409, error: 'ALREADY_ISSUED' });
    expect((await api.retry(couponId, await idOf(second))).status).toBe(200);
    expect(await api.retry(couponId, await idOf(third))).toMatchObject({ status: 409, error: 'COUPON_SOLD_OUT' });
    const other = await api.createCoupon();
    expect(await api.retry(other.couponId, await idOf(third))).toMatchObject({
      status: 404,
      error: 'FAILURE_NOT_FOUND',
    });
  });
});
