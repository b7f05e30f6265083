import { beforeAll, describe, expect, it } from '@jest/globals';
import { promises, expectHealed } from '../support/after-a-fault.js';
import { ApiClient, tally } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { numbersTo } from '../support/numbers-to.js';
import { eventually } from '../support/poll.js';
import { startPrivateMysql, startPrivateRedis, type PrivateServer } from '../support/servers.js';
import { SteadyLoad } from '../support/steady-load.js';
import { expectUnavailable } from '../support/unavailable.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** More than any load takes during an outage. */
const TOTAL = 1_000_000;

let mysql: PrivateServer;
let database: TestDatabase;
let api: ApiClient;

// One application for all of it: it has to come through every outage without being started again.
beforeAll(async () => {
  const [ownMysql, redis] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  mysql = ownMysql;
  database = openDatabase(mysql.url);
  const env = { DATABASE_URL: mysql.url, REDIS_URL: redis.url, COUPON_ISSUE_TIMEOUT_MS: '300' };
  api = new ApiClient((await startApp({ env, waitFor: '/health/ready' })).url);
});

async function register(userIds: readonly number[]): Promise<void> {
  await database.change('INSERT INTO users (id, name, email) VALUES ?', [
    userIds.map((userId) => [userId, 'Registered', `${userId}@example.com`]),
  ]);
}

describe('while MySQL is dead', () => {
  it('reservations go on under load, and all are issued when it is back', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: TOTAL });
    const load = new SteadyLoad((userId) => api.reserve(couponId, userId));
    await load.sees('200', 100);
    await mysql.kill();
    await load.sees('200', 500);
    await mysql.restart();
    await load.sees('200', 100);
    const answers = await load.stop();

    expect(tally(answers)).toEqual({ 200: answers.length });
    await expectHealed({ api, database }, couponId, answers);
  });

  it('reserve also works for a loaded coupon that nobody has asked for yet', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: 100 });
    await mysql.kill();
    const answers = await inParallel(newUserIds(20), (userId) => api.reserve(couponId, userId));
    await mysql.restart();
    expect(tally(answers)).toEqual({ 200: 20 });
    await expectHealed({ api, database }, couponId, answers);
  });

  it('issue answers 202 with the reservation after its time-out', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: 100 });
    await mysql.kill();
    const answers = await inParallel(newUserIds(20), (userId) => api.issue(couponId, userId));
    await mysql.restart();
    for (const { status, body, headers } of answers) {
      expect({ status, body }).toMatchObject({ status: 202, body: { couponId, status: 'RESERVED' } });
      expect(headers.get('location')).toBe(`/api/coupons/${couponId}/reservations/${body.userId}`);
    }
    await expectHealed({ api, database }, couponId, answers);
  });

  it('registered users who were seen before are served from memory, and others hear that it is MySQL', async () => {
    const registered = await api.createCoupon({ totalQuantity: 100, audience: 'registered' });
    const another = await api.createCoupon({ totalQuantity: 100, audience: 'registered' });
    const [seen, unseen] = [newUserIds(20), newUserIds(20)];
    await register([...seen, ...unseen]);
    await inParallel(seen, (userId) => api.reserve(another.couponId, userId));

    await mysql.kill();
    const answers = await inParallel(seen, (userId) => api.reserve(registered.couponId, userId));
    const refused = await inParallel(unseen, (userId) => api.reserve(registered.couponId, userId));
    await mysql.restart();

    expect(tally(answers)).toEqual({ 200: 20 });
    for (const answer of refused) expectUnavailable(answer);
    const retried = await inParallel(unseen, (userId) => api.reserve(registered.couponId, userId));
    expect(tally(retried)).toEqual({ 200: 20 });
    expect([...promises([...answers, ...retried]).values()].sort((a, b) => a - b)).toEqual(numbersTo(40));
  });

  it('a reservation is shown while it is pending; of any other it is never said that there is none', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: 100 });
    const [issued, pending, stranger] = [newUserId(), newUserId(), newUserId()];
    await api.reserve(couponId, issued);
    await eventually(async () => expect((await api.reservation(couponId, issued)).body.status).toBe('ISSUED'));
    await mysql.kill();
    const { body } = await api.reserve(couponId, pending);
    const shown = await api.reservation(couponId, pending);
    const unknown = [await api.reservation(couponId, issued), await api.reservation(couponId, stranger)];
    const ofUnknownCoupon = await api.reservation(couponId + 1000, stranger);
    await mysql.restart();

    expect(shown).toMatchObject({ status: 200, body: { status: 'RESERVED', sequenceNumber: body.sequenceNumber } });
    for (const answer of [...unknown, ofUnknownCoupon]) expectUnavailable(answer);
    await eventually(async () => {
      expect((await api.reservation(couponId, pending)).body).toMatchObject({
        sequenceNumber: body.sequenceNumber,
        status: 'ISSUED',
      });
    });
    expect(await api.reservation(couponId, stranger)).toMatchObject({ status: 404, error: 'RESERVATION_NOT_FOUND' });
  });
});

describe('while MySQL is frozen', () => {
  it('reservations go on under load, and all are issued when it goes on', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: TOTAL });
    const load = new SteadyLoad((userId) => api.reserve(couponId, userId));
    await load.sees('200', 100);
    await mysql.freeze();
    await load.sees('200', 500);
    await mysql.thaw();
    await load.sees('200', 100);
    const answers = await load.stop();

    expect(tally(answers)).toEqual({ 200: answers.length });
    await expectHealed({ api, database }, couponId, answers);
  });

  it('issue answers 202, and what is pending is shown', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: 100 });
    await mysql.freeze();
    const answers = await inParallel(newUserIds(20), (userId) => api.issue(couponId, userId));
    const shown = await inParallel(answers, ({ body }) => api.reservation(couponId, body.userId));
    await mysql.thaw();
    expect(tally(answers)).toEqual({ 202: 20 });
    expect(shown.map(({ body }) => body.status)).toEqual(shown.map(() => 'RESERVED'));
    await expectHealed({ api, database }, couponId, answers);
  });

  it('nothing is lost when it is killed without having gone on', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: TOTAL });
    const load = new SteadyLoad((userId) => api.reserve(couponId, userId));
    await load.sees('200', 100);
    await mysql.freeze();
    await load.sees('200', 300);
    await mysql.kill();
    await mysql.restart();
    await load.sees('200', 100);
    await expectHealed({ api, database }, couponId, await load.stop());
  });
});
