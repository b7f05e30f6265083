import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Crowd } from '../support/crowd.js';
import { inParallel } from '../support/in-parallel.js';
import { numbersTo } from '../support/numbers-to.js';
import { eventually } from '../support/poll.js';
import { expectPromisesKept } from '../support/promises.js';
import { randomFrom } from '../support/random.js';
import { Site } from '../support/site.js';
import { newUserIds } from '../support/unique-ids.js';

let site: Site;

beforeAll(async () => {
  site = await Site.open();
});

describe('kill -9', () => {
  it.each([1, 2])('at three random moments of a drop loses nothing, and no number (seed %d)', async (seed) => {
    const random = randomFrom(seed);
    await site.isServing();
    const { couponId } = await site.api.createCoupon({ totalQuantity: 1000 });
    const crowd = new Crowd(site.api, couponId);
    for (const accepted of [150, 300, 450]) {
      await crowd.hasAccepted(accepted);
      await delay(random() * 30);
      await site.start();
    }
    await crowd.buysOut(1000);

    await expectPromisesKept(site, couponId, 1000, crowd.asks);
    // Redis was there all the time, so there is not even a gap.
    const rows = await site.database.userCoupons(couponId);
    expect(rows.map(({ sequenceNumber }) => sequenceNumber)).toEqual(numbersTo(1000));
  });
});

describe('SIGTERM', () => {
  it('answers the requests, ends in time though the ledger stands still, and leaves the rest to the next process', async () => {
    // Given callers who wait for a commit that can't happen, well within the time that an ending process has
    await site.start({ COUPON_ISSUE_TIMEOUT_MS: '1500' });
    const { couponId } = await site.api.createCoupon({ totalQuantity: 20 });
    const giveBack = await site.holdLedger(couponId);
    const waiting = inParallel(newUserIds(20), (userId) => site.api.issue(couponId, userId));
    await eventually(async () => expect(await site.leftBehind(couponId)).toMatchObject({ pending: 20 }));

    // When the process is asked to end; it gives itself up with code 1 when that takes more than five seconds
    expect(await site.app.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    const answers = await waiting;
    expect(answers.map(({ status, body }) => [status, body.status])).toEqual(answers.map(() => [202, 'RESERVED']));
    expect(await site.leftBehind(couponId)).toMatchObject({ pending: 20, rows: 0 });
    await giveBack();

    // Then the next process issues what they hold, under the numbers they were told
    await site.start();
    await eventually(async () => expect(await site.leftBehind(couponId)).toMatchObject({ pending: 0, rows: 20 }));
    const rows = await site.database.userCoupons(couponId);
    const told = answers.map(({ body: { userId, sequenceNumber } }) => ({ userId, sequenceNumber }));
    expect(rows).toMatchObject(told.sort((a, b) => a.sequenceNumber - b.sequenceNumber));
    await expectPromisesKept(site, couponId, 20, []);
  });
});
