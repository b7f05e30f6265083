import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { expectHealed, expectServedOrRefused } from '../support/after-a-fault.js';
import { ApiClient, type ReservationBody, tally } from '../support/api-client.js';
import { PATIENT, startApp } from '../support/app-process.js';
import { Callers } from '../support/callers.js';
import { ClusterSet } from '../support/cluster-set.js';
import { inParallel } from '../support/in-parallel.js';
import { Scrape } from '../support/metrics.js';
import { eventually } from '../support/poll.js';
import { holdRowLock } from '../support/row-lock.js';
import { Sentinels } from '../support/sentinels.js';
import { newUserIds } from '../support/unique-ids.js';

/** Three instances over a Redis with two replicas and three sentinels, whose primary changes under load. */

/** More than all callers together ask for. */
const TOTAL = 1_000_000;

let set: ClusterSet;
let sentinels: Sentinels;
let couponId: number;

beforeAll(async () => {
  set = await ClusterSet.start({ redis: 'sentinel', env: PATIENT });
  sentinels = new Sentinels(set);
});

beforeEach(async () => {
  await set.balancer.knows({ well: 3 });
  await sentinels.haveGoodReplicas(2);
  couponId = (await eventually(() => set.api.createCoupon({ totalQuantity: TOTAL }))).couponId;
});

/** Ends the load: some may have been refused, as those whom Redis cannot answer are, and nothing else went wrong. */
async function expectKept(fault: string, callers: Callers): Promise<void> {
  const answers = await callers.leave();
  callers.tell(fault);
  expectServedOrRefused(answers);
  expect(tally(callers.looks)).toEqual({ '200': callers.looks.length });
  await expectHealed(set, couponId, answers);
}

describe('a primary that sentinels watch', () => {
  it('is replaced when it is killed, and nobody who was told that they hold a slot loses it', async () => {
    const primary = await sentinels.primary();
    const callers = new Callers(set.api, couponId);
    await callers.accepted(200);
    await set.kill(primary.name);
    await sentinels.haveReplaced(primary);
    await callers.accepted(200);
    await set.start(primary.name);
    await sentinels.haveGoodReplicas(2);
    await callers.accepted(50);
    await expectKept('Sentinel: primary killed', callers);
  });

  it('gives way to another one and back, though the connections to it stay open', async () => {
    const primary = await sentinels.primary();
    const callers = new Callers(set.api, couponId);
    await callers.accepted(200);
    await sentinels.failOver();
    await callers.accepted(200);
    while ((await sentinels.primary()).name !== primary.name) {
      await sentinels.haveGoodReplicas(2);
      await sentinels.failOver();
      await callers.accepted(100);
    }
    await expectKept('Sentinel: fail-over and back', callers);
  });

  it('is replaced when it stands still, and gives no number twice when it goes on', async () => {
    const primary = await sentinels.primary();
    const callers = new Callers(set.api, couponId);
    await callers.accepted(200);
    await set.freeze(primary.name);
    await sentinels.haveReplaced(primary);
    await callers.accepted(200);
    await set.thaw(primary.name);
    await sentinels.haveGoodReplicas(2);
    await callers.accepted(50);
    await expectKept('Sentinel: primary frozen', callers);
  });
});

/** Of those who wait, at all instances. */
async function readAnew(): Promise<number> {
  const scrapes = await Promise.all([1, 2, 3].map((number) => Scrape.of({ url: set.instanceUrl(number) })));
  return scrapes.reduce((sum, scrape) => sum + scrape.sum('firstcome_waiter_reads_total', { result: 'read' }), 0);
}

describe('who waits for a reservation', () => {
  it('hears how it ended at any instance, though the primary is killed meanwhile', async () => {
    const primary = await sentinels.primary();
    const unlock = await holdRowLock(set.databaseUrls[0] as string, 'coupons', couponId);
    const userIds = newUserIds(30);
    const reserved = await inParallel(userIds, (userId) => set.api.reserve(couponId, userId));
    expect(tally(reserved)).toEqual({ '200': userIds.length });
    const waiting = userIds.map((userId, index) =>
      new ApiClient(set.instanceUrl((index % 3) + 1)).call<ReservationBody>(
        `/api/coupons/${couponId}/reservations/${userId}?wait=30`,
      ),
    );
    // They have looked, and look again from time to time.
    await eventually(async () => expect(await readAnew()).toBeGreaterThanOrEqual(userIds.length));
    await set.kill(primary.name);
    await sentinels.haveReplaced(primary);
    await unlock();
    const answers = await Promise.all(waiting);
    expect(answers.map(({ body }) => body.status)).toEqual(userIds.map(() => 'ISSUED'));
    await set.start(primary.name);
  });
});

describe('an instance that waits for replicas', () => {
  it('tells nobody that they hold a slot which a replica does not have, and everybody once it has', async () => {
    const env = { REDIS_URL: set.redisUrl, DATABASE_URL: set.databaseUrls[0] as string, REDIS_WAIT_REPLICAS: '2' };
    const app = await startApp({ env: { ...PATIENT, ...env }, waitFor: '/health/ready' });
    const api = new ApiClient(app.url);
    const before = await inParallel(newUserIds(20), (userId) => api.reserve(couponId, userId));
    expect(tally(before)).toEqual({ '200': 20 });

    const [replica] = await sentinels.replicas();
    if (replica === undefined) throw new Error('the primary has no replica');
    await set.freeze(replica.name);
    const meanwhile = await inParallel(newUserIds(20), (userId) => api.reserve(couponId, userId));
    expect(tally(meanwhile)).toEqual({ '503 RESERVATION_UNAVAILABLE': 20 });
    await set.thaw(replica.name);
    const after = await eventually(async () => {
      const answers = await inParallel(newUserIds(20), (userId) => api.reserve(couponId, userId));
      expect(tally(answers)).toEqual({ '200': 20 });
      return answers;
    });
    await expectHealed({ api, database: set.database }, couponId, [...before, ...meanwhile, ...after]);
  });
});

describe('the start of an instance', () => {
  it.each([
    [
      'a sentinel for a server',
      (port: string) => `redis://127.0.0.1:${port}`,
      /the server is a sentinel: use redis\+sentinel:\/\//,
    ],
    [
      'the primary for one of another name',
      (port: string) => `redis+sentinel://127.0.0.1:${port}/0?name=another`,
      /the sentinels know no master of the name "another"/,
    ],
  ])('stops with a hint when its address takes %s', async (_name, urlOf, hint) => {
    const { address } = await set.process('sentinel-1');
    const env = { REDIS_URL: urlOf(address.split(':')[1] ?? ''), DATABASE_URL: set.databaseUrls[0] as string };
    await expect(startApp({ env })).rejects.toThrow(hint);
  });
});
