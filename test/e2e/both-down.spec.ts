import { beforeAll, describe, expect, it } from '@jest/globals';
import { expectHealed } from '../support/after-a-fault.js';
import { type Answer, ApiClient, type CouponBody, type ReservationBody } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { startPrivateMysql, startPrivateRedis, type PrivateServer } from '../support/servers.js';
import { SteadyLoad } from '../support/steady-load.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** More than any load takes during an outage. */
const TOTAL = 1_000_000;

let mysql: PrivateServer;
let redis: PrivateServer;
let database: TestDatabase;
let api: ApiClient;

beforeAll(async () => {
  [mysql, redis] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  database = openDatabase(mysql.url);
  const env = { DATABASE_URL: mysql.url, REDIS_URL: redis.url, COUPON_ISSUE_TIMEOUT_MS: '300' };
  api = new ApiClient((await startApp({ env, waitFor: '/health/ready' })).url);
});

describe('Redis and MySQL die under load and come back', () => {
  it.each([
    ['MySQL first', async () => [await mysql.restart(), await redis.restart()]],
    ['Redis first', async () => [await redis.restart(), await mysql.restart()]],
  ])('%s: what was accepted is issued, and the rest of the stock goes to others', async (_name, restart) => {
    const { couponId } = await api.createCoupon({ totalQuantity: TOTAL });
    const reserving = new SteadyLoad((userId) => api.reserve(couponId, userId), { atOnce: 4 });
    const issuing = new SteadyLoad((userId) => api.issue(couponId, userId), { atOnce: 4 });
    await issuing.sees('200', 100);
    // First MySQL, so that there are reservations which only Redis knows when it dies too.
    await mysql.kill();
    await issuing.sees('202', 20);
    await redis.kill();
    await reserving.sees('503 RESERVATION_UNAVAILABLE', 50);
    await restart();
    await reserving.sees('200', 50);
    await issuing.sees('200', 50);
    await expectHealed({ api, database }, couponId, [...(await reserving.stop()), ...(await issuing.stop())]);
  });
});

describe('a reservation that is asked for', () => {
  let coupon: CouponBody;
  let answers: Record<'issued' | 'pending' | 'stranger', Answer<ReservationBody>>;

  /** Asks while `servers` are down for one who is issued, one who is pending if possible, and one who is neither. */
  async function askWhileDown(servers: readonly PrivateServer[]): Promise<void> {
    coupon = await api.createCoupon();
    const [pending, stranger] = [newUserId(), newUserId()];
    // The servers of the test before may have come back only now. Another user each time: one who heard 202 would hear 409.
    const issued = await eventually(async () => {
      const userId = newUserId();
      expect((await api.issue(coupon.couponId, userId)).status).toBe(200);
      return userId;
    });
    const isRedisUp = !servers.includes(redis);
    for (const server of servers) await server.kill();
    if (isRedisUp) await api.reserve(coupon.couponId, pending);
    answers = {
      issued: await api.reservation(coupon.couponId, issued),
      pending: await api.reservation(coupon.couponId, pending),
      stranger: await api.reservation(coupon.couponId, stranger),
    };
    await inParallel(servers, (server) => server.restart());
  }

  it('while MySQL is down: RESERVED is known to Redis, the rest is 503', async () => {
    await askWhileDown([mysql]);
    expect(answers.pending).toMatchObject({ status: 200, body: { status: 'RESERVED' } });
    expect(answers.issued).toMatchObject({ status: 503, error: 'DATABASE_UNAVAILABLE' });
    expect(answers.stranger).toMatchObject({ status: 503, error: 'DATABASE_UNAVAILABLE' });
  });

  it('while Redis is down: ISSUED is known to MySQL, the rest is 503', async () => {
    await askWhileDown([redis]);
    expect(answers.issued).toMatchObject({ status: 200, body: { status: 'ISSUED' } });
    expect(answers.stranger).toMatchObject({ status: 503, error: 'RESERVATION_UNAVAILABLE' });
  });

  it('while both are down: always 503; and 404 only once both can say so', async () => {
    await askWhileDown([mysql, redis]);
    for (const answer of Object.values(answers)) {
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const { couponId } = coupon;
    await expectHealed({ api, database }, couponId, []);
    const [stranger] = await inParallel(newUserIds(1), (userId) => api.reservation(couponId, userId));
    expect(stranger).toMatchObject({ status: 404, error: 'RESERVATION_NOT_FOUND' });
  });
});
