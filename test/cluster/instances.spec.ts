import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { expectHealed } from '../support/after-a-fault.js';
import { type Answer, type ReservationBody, tally } from '../support/api-client.js';
import { PATIENT } from '../support/app-process.js';
import { ClusterSet } from '../support/cluster-set.js';
import { SteadyLoad } from '../support/steady-load.js';

/** Three instances behind HAProxy, of which one after the other is killed, ended or frozen under load. */

const APPS = ['app-1', 'app-2', 'app-3'];
/** More than all callers together ask for. */
const TOTAL = 1_000_000;
const CALLERS = 24;

let set: ClusterSet;
let couponId: number;

beforeAll(async () => {
  // Longer than an instance is frozen: what Redis has answered meanwhile is still of use.
  set = await ClusterSet.start({ env: { ...PATIENT, REDIS_COMMAND_TIMEOUT_MS: '10000' } });
});

beforeEach(async () => {
  await set.balancer.knows({ well: APPS.length });
  couponId = (await set.api.createCoupon({ totalQuantity: TOTAL })).couponId;
});

/** New users, many at once, who look at the coupon and then reserve. */
class Callers {
  /** What was heard by those who looked. */
  readonly looks: Array<Answer<unknown>> = [];
  /** What was heard by those who reserved after {@link areLater}. */
  readonly later: Array<Answer<ReservationBody>> = [];
  private isLater = false;
  private readonly load = new SteadyLoad((userId) => this.ask(userId), { atOnce: CALLERS });

  /** Whoever asks from now on is one of the later ones. */
  areLater(): void {
    this.isLater = true;
  }

  /** Resolves when so many more hold a slot. */
  async accepted(count: number): Promise<void> {
    await this.load.sees('200', count);
  }

  /** Nobody asks any more; resolves with what was heard by those who reserved. */
  async leave(): Promise<Array<Answer<ReservationBody>>> {
    return await this.load.stop();
  }

  private async ask(userId: number): Promise<Answer<ReservationBody>> {
    this.looks.push(await set.api.coupon(couponId));
    const { isLater } = this;
    const answer = await set.api.reserve(couponId, userId);
    if (isLater) this.later.push(answer);
    return answer;
  }
}

describe('one of three instances', () => {
  it('that is killed takes with it no more than the reservations that were on their way to it', async () => {
    const callers = new Callers();
    await callers.accepted(300);
    await set.kill('app-1');
    callers.areLater();
    await callers.accepted(300);
    await set.start('app-1');
    await set.balancer.knows({ well: APPS.length });
    await callers.accepted(100);
    const answers = await callers.leave();

    expect(tally(callers.looks)).toEqual({ '200': callers.looks.length });
    expect(tally(callers.later)).toEqual({ '200': callers.later.length });
    const notServed = answers.filter(({ status }) => status !== 200).map(({ status }) => status);
    expect(notServed.filter((status) => status !== 502 && status !== 0)).toEqual([]);
    // Each caller had at most one on its way.
    expect(notServed.length).toBeLessThanOrEqual(CALLERS);
    await expectHealed(set, couponId, answers);
  });

  it('that ends in order and comes back, one after the other, is noticed by nobody', async () => {
    const callers = new Callers();
    for (const app of APPS) {
      await callers.accepted(100);
      await set.kill(app, 'SIGTERM');
      await callers.accepted(100);
      await set.start(app);
      await set.balancer.knows({ well: APPS.length });
    }
    const answers = await callers.leave();

    expect(tally(callers.looks)).toEqual({ '200': callers.looks.length });
    expect(tally(answers)).toEqual({ '200': answers.length });
    await expectHealed(set, couponId, answers);
  });

  it('that stands still keeps its callers waiting, until it goes on, and no others', async () => {
    const callers = new Callers();
    await callers.accepted(100);
    await set.freeze('app-2');
    await callers.accepted(300);
    await set.balancer.knows({ well: 2, ready: 2, live: 2 });
    await set.thaw('app-2');
    await set.balancer.knows({ well: APPS.length });
    await callers.accepted(100);
    const answers = await callers.leave();

    expect(tally(callers.looks)).toEqual({ '200': callers.looks.length });
    expect(tally(answers)).toEqual({ '200': answers.length });
    await expectHealed(set, couponId, answers);
  });
});
