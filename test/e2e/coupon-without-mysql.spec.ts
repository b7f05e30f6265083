import { beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { ApiClient } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { eventually } from '../support/poll.js';
import { type PrivateServer, startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { expectUnavailable } from '../support/unavailable.js';
import { newUserIds } from '../support/unique-ids.js';

/** What coupons can do while MySQL is away; the tests follow one outage from its start to its end. */

const [known = 0, unknown = 0, missing = 0] = newUserIds(3);

let api: ApiClient;
let mysql: PrivateServer;
let couponId: number;

beforeAll(async () => {
  const [ownMysql, redis] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  mysql = ownMysql;
  api = new ApiClient((await startApp({ env: { DATABASE_URL: mysql.url, REDIS_URL: redis.url } })).url);
  // Ended before the outage: a pool that outlives its server cannot be closed in order.
  const connection = await createConnection(mysql.url);
  for (const userId of [known, unknown]) {
    await connection.query("INSERT INTO users (id, name, email) VALUES (?, 'Test', ?)", [
      userId,
      `${userId}@example.com`,
    ]);
  }
  await connection.end();
  couponId = (await api.createCoupon({ audience: 'registered' })).couponId;
  const other = await api.createCoupon({ audience: 'registered' });
  expect((await api.issue(other.couponId, known)).status).toBe(200);
  expect((await api.reserve(couponId, missing)).error).toBe('USER_NOT_FOUND');
  await mysql.kill();
});

describe('while MySQL is away', () => {
  it('answers 503 and when to come back where it would have to ask', async () => {
    expectUnavailable(await api.coupon(couponId));
    expectUnavailable(await api.call('/api/coupons'));
    expectUnavailable(await api.call(`/api/users/${known}/coupons`));
    expectUnavailable(await api.patchCoupon(couponId, { isActive: false }));
    expectUnavailable(await api.audit(couponId));
    expectUnavailable(await api.failures(couponId));
  });

  it('reserves for a user it knows, and neither admits nor refuses one that it would have to look up', async () => {
    expect((await api.reserve(couponId, known)).status).toBe(200);
    expectUnavailable(await api.reserve(couponId, unknown));
    expectUnavailable(await api.reserve(couponId, missing));
  });
});

describe('when MySQL is back', () => {
  it('issues what was reserved meanwhile, and remembers no answer of the outage', async () => {
    await mysql.restart();
    await eventually(async () => expect((await api.reservation(couponId, known)).body.status).toBe('ISSUED'));
    expect((await api.issue(couponId, unknown)).status).toBe(200);
    expect((await api.reserve(couponId, missing)).error).toBe('USER_NOT_FOUND');
  });
});
