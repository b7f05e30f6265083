import { beforeAll, describe, expect, it } from '@jest/globals';
import { tally } from '../support/api-client.js';
import { acceptedNumbers, expectConsistent, expectIssued } from '../support/drop.js';
import { inParallel } from '../support/in-parallel.js';
import { Site } from '../support/site.js';
import { newUserIds } from '../support/unique-ids.js';

const USERS = 2000;

let site: Site;

beforeAll(async () => {
  site = await Site.open({
    COUPON_ISSUANCE_QUEUE_SHARE: '200',
    COUPON_ISSUANCE_BATCH_SIZE: '50',
    // Longer than the test: but for the one at the start there is no sweep.
    COUPON_SWEEP_INTERVAL_MS: '600000',
  });
  await site.start();
});

describe('what two coupons accept while MySQL is dead, ten times their share of the queue', () => {
  it('is issued when it is back, without a sweep', async () => {
    const coupons = await inParallel([1, 2], () => site.api.createCoupon({ totalQuantity: USERS + 100 }));
    await site.mysqlServer.kill();
    const accepted = await inParallel(coupons, ({ couponId }) =>
      inParallel(newUserIds(USERS), (userId) => site.api.reserve(couponId, userId), 25),
    );
    expect(accepted.map(tally)).toEqual([{ 200: USERS }, { 200: USERS }]);
    await site.mysqlServer.restart();

    for (const [index, { couponId }] of coupons.entries()) {
      await expectIssued(site.database, couponId, acceptedNumbers(accepted[index] ?? []));
      await expectConsistent(site.api, couponId);
      const { issuedQuantity, failedQuantity } = await site.database.couponCounts(couponId);
      expect({ issuedQuantity, failedQuantity }).toEqual({ issuedQuantity: USERS, failedQuantity: 0 });
    }
    expect(await site.app.metric('firstcome_sweeps_total')).toBe(1);
  });
});
