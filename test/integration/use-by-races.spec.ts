import { beforeAll, describe, expect, it } from '@jest/globals';
import { CouponService } from '../../src/coupon/coupon.service.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import { TESTER } from '../support/actor.js';
import { openTwoInstances, type TwoInstances } from '../support/two-instances.js';
import { newUserId } from '../support/unique-ids.js';

/** What is issued beside a PATCH of the use-by time, at another instance: it has what the coupon says at its commit. */

const DAY_MS = 24 * 3_600_000;

let world: TwoInstances;

beforeAll(async () => {
  world = await openTwoInstances('use_by', { COUPON_ISSUE_TIMEOUT_MS: '30000' });
});

async function setUseBy(couponId: number, usableUntil: Date, applyToIssued?: true): Promise<void> {
  const patch = { usableUntil, usableDays: null, ...(applyToIssued && { applyToIssued }) };
  await world.one.get(CouponService).change(couponId, patch, TESTER);
}

/** Issues one at the other instance; until when it may be spent. */
async function issuedUntil(couponId: number): Promise<string> {
  const issued = await world.other.get(ReservationService).issue(couponId, newUserId());
  if (issued.status !== 'ISSUED' || !('expiresAt' in issued)) throw new Error(`not issued: ${JSON.stringify(issued)}`);
  return issued.expiresAt;
}

describe.each(['reservation', 'lock'] as const)('with the strategy %s', (strategy) => {
  it('an instance that has issued the coupon before issues by what another one has changed', async () => {
    const couponId = await world.one.createCoupon(1000, { strategy });
    for (let days = 2; days < 12; days += 1) {
      const usableUntil = new Date(Date.now() + days * DAY_MS);
      await setUseBy(couponId, usableUntil);
      expect(await issuedUntil(couponId)).toBe(usableUntil.toISOString());
    }
  });

  it('no row is missed that is issued while the time is changed for all', async () => {
    const couponId = await world.one.createCoupon(1000, { strategy });
    const done = new AbortController();
    const issuing = Array.from({ length: 8 }, async () => {
      while (!done.signal.aborted) await issuedUntil(couponId);
    });
    let usableUntil = new Date();
    try {
      for (let days = 2; days < 8; days += 1) {
        usableUntil = new Date(Date.now() + days * DAY_MS);
        await setUseBy(couponId, usableUntil, true);
      }
    } finally {
      done.abort();
      await Promise.all(issuing);
    }
    const others = await world.database.rows(
      'SELECT user_id, expires_at FROM user_coupons WHERE coupon_id = ? AND expires_at <> ?',
      [couponId, usableUntil],
    );
    expect(others).toEqual([]);
  });
});
