import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { reservationKeys } from '../../src/coupon/reservation/reservation-keys.js';
import { expectHealed, expectServedOrRefused } from '../support/after-a-fault.js';
import { type Answer, tally } from '../support/api-client.js';
import { PATIENT, startApp } from '../support/app-process.js';
import { Callers } from '../support/callers.js';
import { ClusterSet } from '../support/cluster-set.js';
import { eventually } from '../support/poll.js';
import { RedisCluster, slotOf } from '../support/redis-cluster.js';

/** Three instances over a Redis Cluster of three masters, one of which is made to fail under load. */

/** More than all callers together ask for. */
const TOTAL = 1_000_000;
/** Slots that are moved with that of the coupon. */
const NEIGHBOURS = 20;

let set: ClusterSet;
let cluster: RedisCluster;
/** A coupon on each master, by the name of its process. */
let coupons: Map<string, number>;

beforeAll(async () => {
  // A busy machine must not look like a server that is away.
  set = await ClusterSet.start({ redis: 'cluster', env: { ...PATIENT, REDIS_COMMAND_TIMEOUT_MS: '10000' } });
  cluster = new RedisCluster(set);
});

beforeEach(async () => {
  await set.balancer.knows({ well: 3 });
  coupons = await cluster.couponOfEach(
    async () => (await eventually(() => set.api.createCoupon({ totalQuantity: TOTAL }))).couponId,
  );
});

/** Callers of the coupon on this master, and of one on another. */
function callersOf(name: string): { callers: Callers; others: Callers } {
  const couponId = coupons.get(name) as number;
  const other = [...coupons.values()].find((id) => id !== couponId) as number;
  return { callers: new Callers(set.api, couponId), others: new Callers(set.api, other, { atOnce: 8 }) };
}

/** Ends the load: whoever asked for a coupon of the fault's shard may have been refused, and nobody else. */
async function expectKept(fault: string, { callers, others }: { callers: Callers; others: Callers }): Promise<void> {
  const answers = await callers.leave();
  const answersOfOthers = await others.leave();
  callers.tell(fault);
  others.tell(`${fault}: another shard`);
  expectServedOrRefused(answers);
  expect(tally(answersOfOthers)).toEqual({ '200': answersOfOthers.length });
  for (const { looks } of [callers, others]) expect(tally(looks)).toEqual({ '200': looks.length });
  await expectHealed(set, callers.couponId, answers);
  await expectHealed(set, others.couponId, answersOfOthers);
}

describe('a master of a Redis Cluster', () => {
  it('that is killed closes the coupons of its shard until a replica has taken its place', async () => {
    const [name = ''] = coupons.keys();
    const master = await cluster.masterOf(coupons.get(name) as number);
    const load = callersOf(name);
    await load.callers.accepted(200);
    await set.kill(name);
    await cluster.isReplaced(master);
    await load.callers.accepted(200);
    await set.start(name);
    await load.callers.accepted(50);
    await load.others.accepted(50);
    await expectKept('Cluster: master killed', load);
  });

  it('that gives way to its replica loses nothing', async () => {
    const [name = ''] = coupons.keys();
    const master = await cluster.masterOf(coupons.get(name) as number);
    const load = callersOf(name);
    await load.callers.accepted(200);
    await cluster.failOver(master);
    await load.callers.accepted(200);
    await load.others.accepted(50);
    await expectKept('Cluster: CLUSTER FAILOVER', load);
  });

  it('whose slots are moved to another one in the middle of a drop loses nothing', async () => {
    const [name = ''] = coupons.keys();
    const couponId = coupons.get(name) as number;
    const from = await cluster.masterOf(couponId);
    const to = (await cluster.masters()).find(({ nodeId }) => nodeId !== from.nodeId);
    if (to === undefined) throw new Error('there is one master only');
    const first = slotOf(couponId);
    const last = Math.min(first + NEIGHBOURS, ...from.slots.filter(([, end]) => end >= first).map(([, end]) => end));
    const load = callersOf(name);
    await load.callers.accepted(200);
    const halfMoved: Array<Answer<unknown>> = [];
    await cluster.moveSlots([first, last], from, to, {
      // One that a reservation needs: the coupon's history is in the slot, too.
      firstKey: reservationKeys.state(couponId),
      meanwhile: async () => {
        // Neither server has all keys of the coupon: nobody can be served, and is told so.
        for (let userId = 1; userId <= 5; userId += 1) halfMoved.push(await set.api.reserve(couponId, userId));
      },
    });
    expect(tally(halfMoved)).toEqual({ '503 RESERVATION_UNAVAILABLE': halfMoved.length });
    expect((await cluster.masterOf(couponId)).nodeId).toBe(to.nodeId);
    await load.callers.accepted(200);
    await load.others.accepted(50);
    await expectKept('Cluster: slots moved', load);
  });
});

describe('the start of an instance', () => {
  it.each([
    ['a node of a cluster', 'redis:', /REDIS_URL.*the server is a node of a Redis Cluster: use redis\+cluster:\/\//],
    ['a cluster as sentinels', 'redis+sentinel:', /REDIS_URL.*the server is no sentinel: use redis:\/\//],
  ])('stops with a hint when its address takes %s for something else', async (_name, scheme, hint) => {
    const port = (await cluster.masters())[0]?.port;
    const name = scheme === 'redis:' ? '' : '/0?name=mymaster';
    const REDIS_URL = `${scheme}//127.0.0.1:${port}${name}`;
    await expect(startApp({ env: { REDIS_URL, DATABASE_URL: set.databaseUrls[0] as string } })).rejects.toThrow(hint);
  });
});
