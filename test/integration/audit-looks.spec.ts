import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { AuditService } from '../../src/coupon/audit/audit.service.js';
import { SweepService } from '../../src/coupon/issuance/sweep.service.js';
import { AdmissionStore } from '../../src/coupon/reservation/admission.store.js';
import { RedisCouponStore } from '../../src/coupon/reservation/redis-coupon.store.js';
import type { TestDatabase } from '../support/database.js';
import { Instance } from '../support/instance.js';
import { openOwnServers } from '../support/own-servers.js';
import { loseSlot, plantRow, plantSlot } from '../support/planted-faults.js';
import { newUserId } from '../support/unique-ids.js';

let instance: Instance;
let store: RedisCouponStore;
let redis: Redis;
let database: TestDatabase;

beforeAll(async () => {
  const own = await openOwnServers('audit_looks');
  ({ redis, database } = own);
  instance = await Instance.open(own);
  store = instance.get(RedisCouponStore);
});

afterEach(() => {
  jest.restoreAllMocks();
});

async function violations(couponId: number): Promise<string[]> {
  return (await instance.get(AuditService).audit(couponId)).violations.map(({ code }) => code);
}

/** The audit, and what happens after it has looked at everything once and before it looks again. */
async function violationsWhen(couponId: number, happens: () => Promise<unknown>): Promise<string[]> {
  const read = store.pendingBetween.bind(store);
  // The last thing that is read of the users and their slots.
  jest.spyOn(store, 'pendingBetween').mockImplementationOnce(async (...asked) => {
    await happens();
    return await read(...asked);
  });
  return await violations(couponId);
}

async function setTotal(couponId: number, total: number): Promise<void> {
  await database.change('UPDATE coupons SET total_quantity = ? WHERE id = ?', [total, couponId]);
}

describe('what only the first look sees is no violation', () => {
  it('a slot of nobody that is given back', async () => {
    const couponId = await instance.createCoupon(10);
    const userId = newUserId();
    await plantSlot(redis, couponId, userId);
    expect(await violationsWhen(couponId, () => loseSlot(redis, couponId, userId))).toEqual([]);
  });

  it('a row whose user gets the slot', async () => {
    const couponId = await instance.createCoupon(10);
    const userId = newUserId();
    await plantRow(database, couponId, userId, 1);
    expect(await violationsWhen(couponId, () => plantSlot(redis, couponId, userId))).toEqual([]);
    await loseSlot(redis, couponId, userId);
    expect(await violations(couponId)).toEqual(['ISSUED_NOT_IN_REDIS']);
  });

  it('a definition that differed in another way at each look: two changes, one after the other', async () => {
    const couponId = await instance.createCoupon(10);
    await setTotal(couponId, 7);
    const inspect = store.inspect.bind(store);
    jest.spyOn(store, 'inspect').mockImplementationOnce(async (...asked) => {
      const seen = await inspect(...asked);
      await setTotal(couponId, 8);
      return seen;
    });
    // The first look had read the row before: 7 then, 8 at the second.
    expect(await violations(couponId)).toEqual([]);
    expect(await violations(couponId)).toEqual(['DEFINITION_MISMATCH']);
  });
});

describe('a pending entry', () => {
  it('that sweeps have seen is not overdue before one of them has issued it again', async () => {
    const couponId = await instance.createCoupon(10);
    const sweep = instance.get(SweepService);
    // Another process has it in its queue.
    await instance.get(AdmissionStore).reserve(couponId, [newUserId()]);
    expect(await violations(couponId)).toEqual([]);
    await sweep.sweepAll();
    expect(sweep.overdueUpTo(couponId)).toBe(0);
    expect(await violations(couponId)).toEqual([]);
    await sweep.sweepAll();
    expect(sweep.overdueUpTo(couponId)).toBe(1);
    expect(await violations(couponId)).toEqual([]);
  });
});
