import { beforeAll, describe, expect, it } from '@jest/globals';
import { RedisCouponStore } from '../../src/coupon/reservation/redis-coupon.store.js';
import { SettlementStore } from '../../src/coupon/reservation/settlement.store.js';
import { promises } from '../support/after-a-fault.js';
import { ApiClient, type FailureBody } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { expectConsistent } from '../support/drop.js';
import { inParallel } from '../support/in-parallel.js';
import { Instance } from '../support/instance.js';
import { eventually } from '../support/poll.js';
import { startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { SteadyLoad } from '../support/steady-load.js';
import { newUserIds } from '../support/unique-ids.js';

const TOTAL = 200;
/** The database refuses each user whose id is a multiple of this. */
const REFUSED = 5;

let apis: ApiClient[];
let api: ApiClient;
let database: TestDatabase;
/** Other instances, to release from within. */
let stores: SettlementStore[];
let keys: RedisCouponStore;

beforeAll(async () => {
  const [mysql, redis] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  database = openDatabase(mysql.url);
  await database.change(`CREATE TRIGGER refuse_user BEFORE INSERT ON user_coupons FOR EACH ROW
    IF NEW.user_id % ${REFUSED} = 0 THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one';
    END IF`);
  const env = { DATABASE_URL: mysql.url, REDIS_URL: redis.url };
  const apps = await inParallel([1, 2], () => startApp({ env, waitFor: '/health/ready' }));
  apis = apps.map(({ url }) => new ApiClient(url));
  api = apis[0] as ApiClient;
  const servers = { databaseUrl: mysql.url, redisUrl: redis.url };
  const instances = await inParallel([1, 2], () => Instance.open({ servers }));
  stores = instances.map((instance) => instance.get(SettlementStore));
  keys = (instances[0] as Instance).get(RedisCouponStore);
});

async function failuresOf(couponId: number): Promise<FailureBody[]> {
  return (await api.failures(couponId, 100)).body.failures;
}

describe('a slot that is given back during a drop', () => {
  it('goes to someone else: exactly the stock is issued, and each refused user is told', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: TOTAL });
    const load = new SteadyLoad((userId) => (apis[userId % 2] as ApiClient).reserve(couponId, userId));
    await load.sees('409 COUPON_SOLD_OUT', 50);
    const answers = await load.stop();
    // What was given back after the last of them had asked is still to be had. Of users who ask in vain the first might
    // take the last slot each time, and have it again while the others are told that all is gone.
    const rows = await eventually(async () => {
      const users = newUserIds(20).filter((userId) => userId % REFUSED !== 0);
      answers.push(...(await inParallel(users, (userId) => api.reserve(couponId, userId))));
      const found = await database.userCoupons(couponId);
      expect(found).toHaveLength(TOTAL);
      return found;
    });
    await expectConsistent(api, couponId);

    const accepted = promises(answers);
    const refused = [...accepted.keys()].filter((userId) => userId % REFUSED === 0);
    expect(refused.length).toBeGreaterThan(TOTAL / REFUSED / 2);
    expect(rows.map(({ userId }) => userId).filter((userId) => userId % REFUSED === 0)).toEqual([]);
    expect(rows.length + refused.length).toBe(accepted.size);
    expect(rows.map(({ userId, sequenceNumber }) => accepted.get(userId) === sequenceNumber)).not.toContain(false);
    expect(await database.couponCounts(couponId)).toMatchObject({
      issuedQuantity: TOTAL,
      failedQuantity: refused.length,
    });
    const shown = await inParallel(refused, (userId) => api.reservation(couponId, userId), 20);
    expect(new Set(shown.map(({ body }) => `${body.status} ${body.failureReason}`))).toEqual(
      new Set(['FAILED REFUSED_BY_DATABASE']),
    );
  });

  it('is given back once: releasing it again and again, from two instances, changes nothing', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: 5 * TOTAL });
    const load = new SteadyLoad((userId) => api.reserve(couponId, userId));
    let rounds = 0;
    while (!load.answers.some(({ error }) => error === 'COUPON_SOLD_OUT')) {
      const known = await failuresOf(couponId);
      if (known.length === 0) continue;
      // The latest failures, of which some are being released by the issuer at this very moment.
      await inParallel(stores, (store) => store.release(couponId, known));
      rounds += 1;
    }
    expect(rounds).toBeGreaterThan(0);
    await load.stop();
    await eventually(async () => expect((await api.audit(couponId)).body.redis?.pending).toBe(0));

    const before = await keys.inspect(couponId);
    const failures = await failuresOf(couponId);
    expect(failures.length).toBeGreaterThan(0);
    const again = await inParallel([...stores, ...stores], (store) => store.release(couponId, failures));
    expect(again).toEqual([0, 0, 0, 0]);
    expect(await keys.inspect(couponId)).toEqual(before);
    // What held a slot in the end is what has a row: no slot was given back twice, and none is left over.
    expect(before.reserved).toBe((await database.userCoupons(couponId)).length);
    await expectConsistent(api, couponId);
  });
});
