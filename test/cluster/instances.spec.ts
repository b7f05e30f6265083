import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { expectHealed } from '../support/after-a-fault.js';
import { tally } from '../support/api-client.js';
import { PATIENT } from '../support/app-process.js';
import { CALLERS, Callers } from '../support/callers.js';
import { ClusterSet } from '../support/cluster-set.js';
import { eventually } from '../support/poll.js';

/** Three instances behind HAProxy, of which one after the other is killed, ended or frozen under load. */

const APPS = ['app-1', 'app-2', 'app-3'];
/** More than all callers together ask for. */
const TOTAL = 1_000_000;

let set: ClusterSet;
let couponId: number;

beforeAll(async () => {
  // Longer than an instance is frozen: what Redis has answered meanwhile is still of use.
  set = await ClusterSet.start({ env: { ...PATIENT, REDIS_COMMAND_TIMEOUT_MS: '10000' } });
});

beforeEach(async () => {
  await set.balancer.knows({ well: APPS.length });
  couponId = (await eventually(() => set.api.createCoupon({ totalQuantity: TOTAL }))).couponId;
});

describe('one of three instances', () => {
  it('that is killed takes with it no more than the reservations that were on their way to it', async () => {
    const callers = new Callers(set.api, couponId);
    await callers.accepted(300);
    await set.kill('app-1');
    callers.areLater();
    await callers.accepted(300);
    await set.start('app-1');
    await set.balancer.knows({ well: APPS.length });
    await callers.accepted(100);
    const answers = await callers.leave();
    callers.tell('instance killed');

    expect(tally(callers.looks)).toEqual({ '200': callers.looks.length });
    expect(tally(callers.later)).toEqual({ '200': callers.later.length });
    const notServed = answers.filter(({ status }) => status !== 200).map(({ status }) => status);
    expect(notServed.filter((status) => status !== 502 && status !== 0)).toEqual([]);
    // Each caller had at most one on its way.
    expect(notServed.length).toBeLessThanOrEqual(CALLERS);
    await expectHealed(set, couponId, answers);
  });

  it('that ends in order and comes back, one after the other, is noticed by nobody', async () => {
    const callers = new Callers(set.api, couponId);
    for (const app of APPS) {
      await callers.accepted(100);
      await set.kill(app, 'SIGTERM');
      await callers.accepted(100);
      await set.start(app);
      await set.balancer.knows({ well: APPS.length });
    }
    const answers = await callers.leave();
    callers.tell('instances ended one after the other');

    expect(tally(callers.looks)).toEqual({ '200': callers.looks.length });
    expect(tally(answers)).toEqual({ '200': answers.length });
    await expectHealed(set, couponId, answers);
  });

  it('that stands still keeps its callers waiting, until it goes on, and no others', async () => {
    const callers = new Callers(set.api, couponId);
    await callers.accepted(100);
    await set.freeze('app-2');
    await callers.accepted(300);
    await set.balancer.knows({ well: 2, ready: 2, live: 2 });
    await set.thaw('app-2');
    await set.balancer.knows({ well: APPS.length });
    await callers.accepted(100);
    const answers = await callers.leave();
    callers.tell('instance frozen');

    expect(tally(callers.looks)).toEqual({ '200': callers.looks.length });
    expect(tally(answers)).toEqual({ '200': answers.length });
    await expectHealed(set, couponId, answers);
  });
});
