import { beforeAll, describe, expect, it } from '@jest/globals';
import { AdmissionStore } from '../../src/coupon/reservation/admission.store.js';
import { SettlementStore } from '../../src/coupon/reservation/settlement.store.js';
import { CouponWatch } from '../../src/coupon/watch/coupon-watch.service.js';
import { Instance } from '../support/instance.js';
import { openOwnServers } from '../support/own-servers.js';
import { newUserId } from '../support/unique-ids.js';

let instance: Instance;

beforeAll(async () => {
  const { servers } = await openOwnServers('watch');
  const env = { METRICS_MAX_COUPONS: '1', METRICS_COUPON_INTERVAL_MS: '600000' };
  instance = await Instance.open({ servers, env });
});

async function watched(): Promise<number[]> {
  const watch = instance.get(CouponWatch);
  await watch.look();
  return watch.observations.map(({ couponId }) => couponId);
}

describe('of more coupons than are watched', () => {
  it('one with something pending stays until that has ended, whatever opens after it', async () => {
    const first = await instance.createCoupon(10);
    const userId = newUserId();
    const [sequenceNumber] = await instance.get(AdmissionStore).reserve(first, [userId]);
    expect(await watched()).toEqual([first]);

    const later = await instance.createCoupon(10);
    expect(await watched()).toEqual([first]);
    await instance.get(SettlementStore).confirm(first, [{ userId, sequenceNumber: Number(sequenceNumber) }]);
    // It is seen to have ended, and then left out.
    await watched();
    expect(await watched()).toEqual([later]);
  });
});
