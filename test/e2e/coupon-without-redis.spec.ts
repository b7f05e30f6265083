import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { eventually } from '../support/poll.js';
import { type PrivateServer, startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** Coupons are defined and shown while Redis is away; the tests follow one outage from its start to its end. */

let api: ApiClient;
let redis: PrivateServer;
let issuedBefore: number;
let createdMeanwhile: number;

beforeAll(async () => {
  const [mysql, ownRedis] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  redis = ownRedis;
  api = new ApiClient((await startApp({ env: { DATABASE_URL: mysql.url, REDIS_URL: redis.url } })).url);
  issuedBefore = (await api.createCoupon({ totalQuantity: 10 })).couponId;
  for (const userId of newUserIds(3)) expect((await api.issue(issuedBefore, userId)).status).toBe(200);
  await redis.stop();
  await eventually(async () => expect((await api.coupon(issuedBefore)).body.reservedQuantity).toBeNull());
});

describe('while Redis is away', () => {
  it('shows a coupon by what is issued', async () => {
    const shown = { issuedQuantity: 3, reservedQuantity: null, remainingQuantity: 7, status: 'OPEN' };
    expect(await api.coupon(issuedBefore)).toMatchObject({ status: 200, body: shown });
    const list = await api.call<{ coupons: object[] }>('/api/coupons?limit=100');
    expect(list.body.coupons).toContainEqual(expect.objectContaining({ couponId: issuedBefore, ...shown }));
  });

  it('creates and changes coupons', async () => {
    const created = await api.createCoupon({ totalQuantity: 10 });
    createdMeanwhile = created.couponId;
    expect(created).toMatchObject({ reservedQuantity: null, remainingQuantity: 10 });
    const raised = await api.patchCoupon(createdMeanwhile, { totalQuantity: 20, name: 'Renamed' });
    expect(raised).toMatchObject({ status: 200, body: { totalQuantity: 20, name: 'Renamed', reservedQuantity: null } });
  });

  it('does not lower a total: nobody can say what is reserved', async () => {
    const answer = await api.patchCoupon(issuedBefore, { totalQuantity: 5 });
    expect(answer).toMatchObject({ status: 503, error: 'RESERVATION_UNAVAILABLE' });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect((await api.coupon(issuedBefore)).body.totalQuantity).toBe(10);
  });

  it('knows the strategy lock as ever', async () => {
    const { couponId } = await api.createCoupon({ strategy: 'lock', totalQuantity: 1 });
    expect((await api.issue(couponId, newUserId())).status).toBe(200);
    expect((await api.coupon(couponId)).body).toMatchObject({
      reservedQuantity: 0,
      remainingQuantity: 0,
      status: 'SOLD_OUT',
    });
  });
});

describe('when Redis is back', () => {
  it('shows and reserves both coupons, the changed one as it was changed', async () => {
    await redis.restart();
    for (const [couponId, totalQuantity, issuedQuantity] of [
      [issuedBefore, 10, 3],
      [createdMeanwhile, 20, 0],
    ] as const) {
      await eventually(async () => {
        const shown = {
          totalQuantity,
          issuedQuantity,
          reservedQuantity: 0,
          remainingQuantity: totalQuantity - issuedQuantity,
        };
        expect((await api.coupon(couponId)).body).toMatchObject(shown);
      });
      expect((await api.issue(couponId, newUserId())).status).toBe(200);
    }
  });
});
