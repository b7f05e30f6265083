import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, tally } from '../support/api-client.js';
import { type AppProcess, PATIENT, startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { expectSoldOut } from '../support/drop.js';
import { inParallel, shuffled } from '../support/in-parallel.js';
import { newUserIds } from '../support/unique-ids.js';

let apis: ApiClient[];
let api: ApiClient;
let database: TestDatabase;

// Three processes over one Redis and one MySQL; the tests of a single one use the first.
beforeAll(async () => {
  database = openDatabase();
  const apps: AppProcess[] = await inParallel([1, 2, 3], () => startApp({ env: PATIENT, waitFor: '/health/ready' }));
  apis = apps.map((app) => new ApiClient(app.url));
  api = apis[0] as ApiClient;
});

function anyApi(index: number): ApiClient {
  return apis[index % apis.length] as ApiClient;
}

describe.each(['reservation', 'lock'] as const)('a drop by strategy %s', (strategy) => {
  it('gives 10 coupons to 10 of 100 users who ask at once, and tells the 90 others', async () => {
    const { couponId } = await api.createCoupon({ strategy, totalQuantity: 10 });
    const answers = await inParallel(newUserIds(100), (userId) => api.reserve(couponId, userId));
    expect(tally(answers)).toEqual({ 200: 10, '409 COUPON_SOLD_OUT': 90 });
    await expectSoldOut({ api, database }, couponId, answers, 10);
  });

  it('does the same when the answers wait for the commit', async () => {
    const { couponId } = await api.createCoupon({ strategy, totalQuantity: 10, codeFormat: 'hangul' });
    const answers = await inParallel(newUserIds(100), (userId) => api.issue(couponId, userId));
    expect(tally(answers)).toEqual({ 200: 10, '409 COUPON_SOLD_OUT': 90 });
    const rows = await database.userCoupons(couponId);
    const told = answers.filter(({ status }) => status === 200).map(({ body }) => body);
    expect(told.sort((a, b) => a.sequenceNumber - b.sequenceNumber)).toMatchObject(
      rows.map(({ id, userId, sequenceNumber, code }) => ({ userCouponId: id, userId, sequenceNumber, code })),
    );
    await expectSoldOut({ api, database }, couponId, answers, 10);
  });

  it.each([
    ['one process', () => api],
    ['three processes', anyApi],
  ])('gives 200 coupons once each when 300 users ask five times, of %s', async (_name, apiOf) => {
    const { couponId } = await api.createCoupon({ strategy, totalQuantity: 200 });
    const users = newUserIds(300);
    const asks = shuffled([users, users, users, users, users].flat());
    const answers = await inParallel(asks, (userId, index) => apiOf(index).reserve(couponId, userId));
    // Whoever holds one hears so on the four other calls, also after the last one was gone.
    expect(tally(answers)).toEqual({
      200: 200,
      '409 ALREADY_ISSUED': 200 * 4,
      '409 COUPON_SOLD_OUT': 100 * 5,
    });
    await expectSoldOut({ api, database }, couponId, answers, 200);
  });
});
