import { beforeAll, describe, expect, it } from '@jest/globals';
import autocannon from 'autocannon';
import { ApiClient, tally } from '../support/api-client.js';
import { type AppProcess, PATIENT, startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { acceptedNumbers, expectConsistent, expectIssued } from '../support/drop.js';
import { inParallel } from '../support/in-parallel.js';
import { LockCoupons } from '../support/lock-coupons.js';
import { startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { countEach } from '../support/tally.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

describe('lock coupons', () => {
  it('do not take the connections that the issuer of a reservation drop needs', async () => {
    const app = await startApp({ env: PATIENT, waitFor: '/health/ready' });
    const api = new ApiClient(app.url);
    const coupons = await LockCoupons.open();
    const locked = await api.createCoupon({ strategy: 'lock', totalQuantity: 200 });
    const { couponId } = await api.createCoupon({ totalQuantity: 500 });

    // Held until the drop is issued: no request for the lock coupon gets on, and all that may wait in MySQL do.
    const giveBack = await coupons.holdRowLock(locked.couponId);
    const storm = inParallel(newUserIds(200), (userId) => api.issue(locked.couponId, userId));
    try {
      const answers = await inParallel(newUserIds(500), (userId) => api.reserve(couponId, userId));
      expect(tally(answers)).toEqual({ 200: 500 });
      await expectIssued(coupons.database, couponId, acceptedNumbers(answers));
      await expectConsistent(api, couponId);
      expect(await coupons.database.userCoupons(locked.couponId)).toEqual([]);
    } finally {
      await giveBack();
    }
    expect(tally(await storm)).toEqual({ 200: 200 });
  });
});

describe('a coupon that is asked for in vain 10,000 times', () => {
  const ASKS = 10_000;
  let app: AppProcess;
  let api: ApiClient;
  let database: TestDatabase;

  // Of our own, since the server counts what anyone asks.
  beforeAll(async () => {
    const [mysql, redis] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
    const servers = { DATABASE_URL: mysql.url, REDIS_URL: redis.url };
    const env = { ...PATIENT, ...servers, COUPON_SWEEP_INTERVAL_MS: '600000' };
    app = await startApp({ env, waitFor: '/health/ready' });
    api = new ApiClient(app.url);
    database = openDatabase(mysql.url);
  });

  /**
   * New users ask, a hundred at once, by what makes requests with less of a processor than fetch. Their error codes.
   */
  async function askInVain(couponId: number): Promise<string[]> {
    const codes: string[] = [];
    const reserve: autocannon.Request = {
      method: 'POST',
      path: `/api/coupons/${couponId}/reserve`,
      headers: { 'content-type': 'application/json' },
      setupRequest: (request) => ({ ...request, body: JSON.stringify({ userId: newUserId() }) }),
      onResponse: (_status, body) => codes.push((JSON.parse(body) as { code: string }).code),
    };
    await autocannon({ url: app.url, connections: 100, amount: ASKS, requests: [reserve] });
    return codes;
  }

  async function expectFewStatements(couponId: number, error: string): Promise<void> {
    const [before, startedAt] = [await database.statements(), Date.now()];
    expect(countEach(await askInVain(couponId))).toEqual({ [error]: ASKS });
    // It may look once a second whether that still holds: with each of the five that the gate of lock coupons lets in.
    const seconds = (Date.now() - startedAt) / 1000;
    expect((await database.statements()) - before).toBeLessThan(50 * (seconds + 1));
  }

  it('and is unknown costs MySQL next to nothing', async () => {
    await expectFewStatements(987_654, 'COUPON_NOT_FOUND');
  });

  it.each(['reservation', 'lock'] as const)(
    'and has ended (strategy %s) costs MySQL next to nothing',
    async (strategy) => {
      const { couponId } = await api.createCoupon({ strategy });
      const { status } = await api.patchCoupon(couponId, { expiresAt: new Date(Date.now() - 1000).toISOString() });
      expect(status).toBe(200);
      await expectFewStatements(couponId, 'COUPON_EXPIRED');
    },
  );
});
