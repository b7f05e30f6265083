import { beforeAll, describe, expect, it } from '@jest/globals';
import { promises } from '../support/after-a-fault.js';
import { ApiClient, type CouponBody, type ReservationBody, tally } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { expectConsistent, expectIssued } from '../support/drop.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { SteadyLoad } from '../support/steady-load.js';
import { newUserIds } from '../support/unique-ids.js';

/** Two processes, for two admins. */
let apis: readonly [ApiClient, ApiClient];
let database: TestDatabase;

beforeAll(async () => {
  const [one, other] = await Promise.all([
    startApp({ waitFor: '/health/ready' }),
    startApp({ waitFor: '/health/ready' }),
  ]);
  apis = [new ApiClient(one.url), new ApiClient(other.url)];
  database = openDatabase();
});

/** Users who reserve, now at one process and now at the other. */
function loadOnBoth(couponId: number): SteadyLoad<ReservationBody> {
  let turn = 0;
  return new SteadyLoad((userId) => {
    turn += 1;
    return apis[turn % 2 === 0 ? 0 : 1].reserve(couponId, userId);
  });
}

async function expectShownByBoth(couponId: number, expected: Partial<CouponBody>): Promise<void> {
  for (const api of apis) {
    await eventually(async () => expect((await api.coupon(couponId)).body).toMatchObject(expected));
  }
}

describe('the total under load', () => {
  it('is raised and lowered by two admins at once, at two processes: nobody who was accepted fails for it', async () => {
    const [one] = apis;
    const { couponId } = await one.createCoupon({ totalQuantity: 50 });
    const load = loadOnBoth(couponId);

    /** What was committed, each time a lowering was refused. */
    const refusedAbove: number[] = [];
    const change = async (api: ApiClient, round: number): Promise<number | undefined> => {
      const { body } = await api.coupon(couponId);
      // Now up, now down to what may just be too little.
      const committed = body.issuedQuantity + (body.reservedQuantity ?? 0);
      const totalQuantity =
        round % 2 === 0 ? committed + 30 : Math.max(1, committed + Math.floor(Math.random() * 20) - 10);
      const answer = await api.patchCoupon(couponId, { totalQuantity });
      if (answer.status === 200) return totalQuantity;
      expect(answer).toMatchObject({ status: 409, error: 'QUANTITY_BELOW_COMMITTED' });
      const { committedQuantity } = answer.body as unknown as { committedQuantity: number };
      expect(committedQuantity).toBeGreaterThan(totalQuantity);
      expect(committedQuantity).toBeLessThanOrEqual(load.asked);
      refusedAbove.push(committedQuantity);
      return undefined;
    };
    /** The last total that was set. */
    const admin = async (api: ApiClient): Promise<number | undefined> => {
      let last: number | undefined;
      for (let round = 0; round < 40; round += 1) last = (await change(api, round)) ?? last;
      return last;
    };
    const lastOfEach = await inParallel(apis, admin);
    const answers = await load.stop();

    const accepted = promises(answers);
    expect(Object.keys(tally(answers)).sort()).toEqual(['200', '409 COUPON_SOLD_OUT']);
    await expectIssued(database, couponId, accepted);
    const { totalQuantity, issuedQuantity, failedQuantity } = await database.couponCounts(couponId);
    expect({ issuedQuantity, failedQuantity }).toEqual({ issuedQuantity: accepted.size, failedQuantity: 0 });
    expect(lastOfEach).toContain(totalQuantity);
    expect(accepted.size).toBeLessThanOrEqual(totalQuantity);
    // Nothing was given back, so what is committed in the end is at least what was committed at any time.
    expect(refusedAbove.every((committed) => committed <= accepted.size)).toBe(true);
    // The audit compares the definition in Redis with that in MySQL.
    await expectShownByBoth(couponId, { totalQuantity });
    for (const api of apis) await expectConsistent(api, couponId);
  });

  it('is never exceeded between two changes, and what a lowering leaves is what can be had', async () => {
    const [one, other] = apis;
    const { couponId } = await one.createCoupon({ totalQuantity: 100_000 });
    const load = loadOnBoth(couponId);
    await load.sees('200', 200);
    const lowered = await eventually(async () => {
      const { body } = await other.coupon(couponId);
      const totalQuantity = body.issuedQuantity + (body.reservedQuantity ?? 0) + 50;
      expect((await other.patchCoupon(couponId, { totalQuantity })).status).toBe(200);
      return totalQuantity;
    });
    await load.sees('409 COUPON_SOLD_OUT', 20);
    expect((await one.coupon(couponId)).body).toMatchObject({
      totalQuantity: lowered,
      remainingQuantity: 0,
      status: 'SOLD_OUT',
    });

    // Counted from before the change: most of the hundred may be gone when it is answered.
    const [raised] = await Promise.all([
      one.patchCoupon(couponId, { totalQuantity: lowered + 100 }),
      load.sees('200', 50),
    ]);
    expect(raised.status).toBe(200);
    await load.sees('409 COUPON_SOLD_OUT', 200);
    const accepted = promises(await load.stop());
    expect(accepted.size).toBe(lowered + 100);
    await expectIssued(database, couponId, accepted);
    await expectConsistent(other, couponId);
  });
});

describe('a pause under load', () => {
  it('admits nobody at any process once the change is answered, and everyone again when it is over', async () => {
    const [one, other] = apis;
    const { couponId } = await one.createCoupon({ totalQuantity: 100_000 });
    const load = loadOnBoth(couponId);
    for (const admin of [one, other, one]) {
      await load.sees('200', 50);
      expect((await admin.patchCoupon(couponId, { isActive: false })).status).toBe(200);
      const later = await inParallel(newUserIds(40), (userId, index) =>
        apis[index % 2 === 0 ? 0 : 1].reserve(couponId, userId),
      );
      expect(tally(later)).toEqual({ '409 COUPON_INACTIVE': 40 });
      await expectShownByBoth(couponId, { status: 'PAUSED' });
      expect((await other.patchCoupon(couponId, { isActive: true })).status).toBe(200);
      await load.sees('200', 50);
    }
    const answers = await load.stop();
    expect(Object.keys(tally(answers)).sort()).toEqual(['200', '409 COUPON_INACTIVE']);
    await expectIssued(database, couponId, promises(answers));
    await expectConsistent(one, couponId);
  });

  it('does not keep what was reserved before from being issued', async () => {
    const [one] = apis;
    const { couponId } = await one.createCoupon({ totalQuantity: 100_000 });
    const load = loadOnBoth(couponId);
    await load.sees('200', 100);
    await one.patchCoupon(couponId, { isActive: false });
    await load.sees('409 COUPON_INACTIVE', 20);
    await expectIssued(database, couponId, promises(await load.stop()));
    await expectConsistent(one, couponId);
  });
});
