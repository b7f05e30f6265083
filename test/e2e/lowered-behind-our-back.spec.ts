import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, type FailureBody, tally } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { expectConsistent } from '../support/drop.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** Someone lowers `total_quantity` in the table, which Redis does not know. The ledger refuses what does not fit. */

const ROOM = 300;

let api: ApiClient;
let database: TestDatabase;
/** A coupon that this has happened to, and what its callers heard. */
let couponId: number;
let failedUsers: number[];

beforeAll(async () => {
  const [mysql, redis] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  // No sweep: the ledger's refusal alone has to bring the new total to Redis.
  const env = {
    DATABASE_URL: mysql.url,
    REDIS_URL: redis.url,
    COUPON_SWEEP_INTERVAL_MS: '600000',
    COUPON_ISSUE_TIMEOUT_MS: '30000',
  };
  api = new ApiClient((await startApp({ env, waitFor: '/health/ready' })).url);
  database = openDatabase(mysql.url);
});

async function allFailures(limit: number): Promise<{ failures: FailureBody[]; pages: number }> {
  const failures: FailureBody[] = [];
  let cursor = '';
  for (let pages = 1; ; pages += 1) {
    const path = `/api/coupons/${couponId}/failures?limit=${limit}${cursor}`;
    const { body } = await api.call<{ failures: FailureBody[]; nextCursor: string | null }>(path, { isAdmin: true });
    failures.push(...body.failures);
    if (body.nextCursor === null) return { failures, pages };
    cursor = `&cursor=${body.nextCursor}`;
  }
}

describe('a total that is lowered in the table during a drop', () => {
  it('is not exceeded; a user who does not fit hears ISSUANCE_FAILED, and no one after them is admitted', async () => {
    ({ couponId } = await api.createCoupon({ totalQuantity: 1000 }));
    let firstFailureAt = Number.POSITIVE_INFINITY;
    const askedAt = new Map<number, number>();
    const lower = async () => {
      await eventually(async () => expect((await database.userCoupons(couponId)).length).toBeGreaterThan(ROOM / 6), {
        intervalMs: 5,
      });
      await database.change('UPDATE coupons SET total_quantity = ? WHERE id = ?', [ROOM, couponId]);
    };
    const lowered = lower();
    const issue = async (userId: number) => {
      askedAt.set(userId, performance.now());
      const answer = await api.issue(couponId, userId);
      if (answer.error === 'ISSUANCE_FAILED') firstFailureAt = Math.min(firstFailureAt, performance.now());
      return { userId, answer };
    };
    const asked = await inParallel(newUserIds(900), issue, 40);
    await lowered;

    const answers = asked.map(({ answer }) => answer);
    const outcomes = tally(answers);
    expect(Object.keys(outcomes).sort()).toEqual(['200', '409 COUPON_SOLD_OUT', '409 ISSUANCE_FAILED']);
    expect(outcomes['200']).toBe(ROOM);
    expect(await database.couponCounts(couponId)).toMatchObject({
      issuedQuantity: ROOM,
      failedQuantity: outcomes['409 ISSUANCE_FAILED'],
    });
    failedUsers = asked.filter(({ answer }) => answer.error === 'ISSUANCE_FAILED').map(({ userId }) => userId);
    for (const { answer } of asked.filter(({ userId }) => failedUsers.includes(userId))) {
      expect(answer).toMatchObject({ status: 409, body: { reason: 'SOLD_OUT_IN_LEDGER' } });
    }
    // The total was published before the first of them was answered.
    const later = asked.filter(({ userId }) => (askedAt.get(userId) ?? 0) > firstFailureAt);
    expect(later.length).toBeGreaterThan(100);
    expect(tally(later.map(({ answer }) => answer))).toEqual({ '409 COUPON_SOLD_OUT': later.length });
    await expectConsistent(api, couponId);
  });

  it('leaves failures that are listed page by page, the newest first', async () => {
    const { failures, pages } = await allFailures(3);
    expect(pages).toBe(Math.ceil(failedUsers.length / 3));
    expect(failures.map(({ userId }) => userId).sort((a, b) => a - b)).toEqual([...failedUsers].sort((a, b) => a - b));
    const ids = failures.map(({ failureId }) => failureId);
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
    for (const failure of failures) {
      expect(failure).toMatchObject({ couponId, reason: 'SOLD_OUT_IN_LEDGER', retriedAt: null });
      const { body } = await api.reservation(couponId, failure.userId);
      const { sequenceNumber } = failure;
      expect(body).toMatchObject({ status: 'FAILED', failureReason: 'SOLD_OUT_IN_LEDGER', sequenceNumber });
    }
  });
});

describe('the retry of a failure', () => {
  it('is sold out while there is no room, which changes nothing', async () => {
    const [failure] = (await allFailures(1)).failures as [FailureBody];
    expect(await api.retry(couponId, failure.failureId)).toMatchObject({ status: 409, error: 'COUPON_SOLD_OUT' });
    expect((await allFailures(100)).failures.filter(({ retriedAt }) => retriedAt !== null)).toEqual([]);
    expect(await api.retry(couponId, failure.failureId + 1_000_000)).toMatchObject({
      status: 404,
      error: 'FAILURE_NOT_FOUND',
    });
  });

  it('issues the coupon under a new number once the total was raised; a second one is told so', async () => {
    const failure = (await allFailures(100)).failures.at(-1) as FailureBody;
    expect((await api.patchCoupon(couponId, { totalQuantity: ROOM + 1 })).status).toBe(200);
    const retried = await api.retry(couponId, failure.failureId);
    expect(retried).toMatchObject({ status: 200, body: { userId: failure.userId, status: 'RESERVED' } });
    expect(retried.body.sequenceNumber).toBeGreaterThan(failure.sequenceNumber);

    const issued = { status: 'ISSUED', sequenceNumber: retried.body.sequenceNumber };
    await eventually(async () => expect((await api.reservation(couponId, failure.userId)).body).toMatchObject(issued));
    const [marked, ...others] = (await allFailures(100)).failures.toReversed();
    expect(marked).toMatchObject({ ...failure, retriedAt: expect.any(String) });
    expect(others.filter(({ retriedAt }) => retriedAt !== null)).toEqual([]);
    expect(await api.retry(couponId, failure.failureId)).toMatchObject({ status: 409, error: 'ALREADY_ISSUED' });
    expect(await api.reserve(couponId, newUserId())).toMatchObject({ error: 'COUPON_SOLD_OUT' });
    await expectConsistent(api, couponId);
  });

  it('works for a coupon that is paused, and once only when it is asked for five times at once', async () => {
    const failure = (await allFailures(100)).failures.find(({ retriedAt }) => retriedAt === null) as FailureBody;
    expect((await api.patchCoupon(couponId, { totalQuantity: ROOM + 10, isActive: false })).status).toBe(200);
    expect(await api.reserve(couponId, failure.userId)).toMatchObject({ error: 'COUPON_INACTIVE' });
    const retries = await inParallel([1, 2, 3, 4, 5], () => api.retry(couponId, failure.failureId));
    expect(tally(retries)).toEqual({ 200: 1, '409 ALREADY_ISSUED': 4 });
    await eventually(async () => expect((await api.reservation(couponId, failure.userId)).body.status).toBe('ISSUED'));
    await expectConsistent(api, couponId);
  });
});
