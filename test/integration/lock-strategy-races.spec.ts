import { beforeAll, describe, expect, it } from '@jest/globals';
import { fromDriver } from '../../src/platform/database/database-errors.js';
import { LockIssuanceRepository } from '../../src/coupon/lock/lock-issuance.repository.js';
import { inParallel } from '../support/in-parallel.js';
import { LockCoupons, outcome } from '../support/lock-coupons.js';
import { eventually } from '../support/poll.js';
import { countEach } from '../support/tally.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

let coupons: LockCoupons;

beforeAll(async () => {
  coupons = await LockCoupons.open();
});

// On a Galera cluster someone on another node may hold "the same" row lock, so what was read under it may be stale.
describe('when the row lock did not protect', () => {
  it('the unique key refuses the second row of a user, and nothing is counted', async () => {
    class BlindToRows extends LockIssuanceRepository {
      override async lookUpUser(...args: Parameters<LockIssuanceRepository['lookUpUser']>) {
        return { ...(await super.lookUpUser(...args)), hasRow: false };
      }
    }
    const service = coupons.service({ repository: new BlindToRows() });
    const couponId = await coupons.create();
    const userId = newUserId();
    await service.issue(couponId, userId);
    expect(await outcome(service.issue(couponId, userId))).toBe('ALREADY_ISSUED');
    await coupons.expectLedger(couponId, 1);
  });

  it('the guarded counter refuses what is above the total, and its row is rolled back', async () => {
    class BlindToIssued extends LockIssuanceRepository {
      override async lockCoupon(...args: Parameters<LockIssuanceRepository['lockCoupon']>) {
        const coupon = await super.lockCoupon(...args);
        return coupon && { ...coupon, issuedQuantity: 0 };
      }
    }
    const service = coupons.service({ repository: new BlindToIssued() });
    const couponId = await coupons.create({ total_quantity: 3 });
    const outcomes = await inParallel(newUserIds(10), (userId) => outcome(service.issue(couponId, userId)));
    expect(countEach(outcomes)).toEqual({ ISSUED: 3, COUPON_SOLD_OUT: 7 });
    await coupons.expectLedger(couponId, 3);
  });

  it('a conflict that does not go away is an unavailable database, not an internal error', async () => {
    class AlwaysConflicting extends LockIssuanceRepository {
      override lockCoupon(): Promise<never> {
        return Promise.reject(fromDriver(Object.assign(new Error('Deadlock found'), { errno: 1213 })));
      }
    }
    const service = coupons.service({ repository: new AlwaysConflicting() });
    expect(await outcome(service.issue(await coupons.create(), newUserId()))).toBe('DATABASE_UNAVAILABLE');
  });
});

describe('the gate', () => {
  it('keeps all but maxConcurrent away from MySQL, refuses them in time with 503, and then goes on', async () => {
    const service = coupons.service({ maxConcurrent: 2, waitMs: 200 });
    const couponId = await coupons.create();
    const giveBack = await coupons.holdRowLock(couponId);

    const outcomes: string[] = [];
    const all = inParallel(newUserIds(20), async (userId) =>
      outcomes.push(await outcome(service.issue(couponId, userId))),
    );
    try {
      await eventually(async () => expect(await coupons.waitingForRowLock(couponId)).toBe(2));
      await eventually(() => expect(countEach(outcomes)).toEqual({ DATABASE_UNAVAILABLE: 18 }));
      expect(await coupons.waitingForRowLock(couponId)).toBe(2);
    } finally {
      await giveBack();
      await all;
    }
    expect(countEach(outcomes)).toEqual({ DATABASE_UNAVAILABLE: 18, ISSUED: 2 });
    await inParallel(newUserIds(5), (userId) => service.issue(couponId, userId), 2);
    await coupons.expectLedger(couponId, 7);
  });
});
