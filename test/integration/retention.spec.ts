import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { AuditService } from '../../src/coupon/audit/audit.service.js';
import { CouponService } from '../../src/coupon/coupon.service.js';
import { ForgetEndedCouponsJob } from '../../src/coupon/issuance/forget-ended-coupons.job.js';
import { SweepService } from '../../src/coupon/issuance/sweep.service.js';
import { AdmissionStore } from '../../src/coupon/reservation/admission.store.js';
import { RedisCouponStore } from '../../src/coupon/reservation/redis-coupon.store.js';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { scriptKeys, reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { ReservationFollower } from '../../src/coupon/reservation-follower.service.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import type { TestDatabase } from '../support/database.js';
import { Instance } from '../support/instance.js';
import { openOwnServers } from '../support/own-servers.js';
import { eventually } from '../support/poll.js';
import { newUserId } from '../support/unique-ids.js';
import { TESTER } from '../support/actor.js';

const DAY_MS = 86_400_000;
const RETENTION_DAYS = 30;

let instance: Instance;
let redis: Redis;
let database: TestDatabase;

// Of our own: the job looks at every coupon that it finds.
beforeAll(async () => {
  const own = await openOwnServers('retention');
  ({ redis, database } = own);
  const env = { COUPON_RETENTION_DAYS: String(RETENTION_DAYS), COUPON_DEFINITION_REFRESH_MS: '50' };
  instance = await Instance.open({ servers: own.servers, env });
});

beforeEach(async () => {
  await redis.flushall();
});

/** A coupon with one issued user, which ended so many days ago; a negative number: it will end. */
async function couponThatEnded(daysAgo: number): Promise<{ couponId: number; holder: number }> {
  const couponId = await instance.createCoupon(10, {
    startsAt: new Date(Date.now() - 365 * DAY_MS),
    expiresAt: new Date(Date.now() + DAY_MS),
  });
  const holder = newUserId();
  await instance.get(ReservationService).reserve(couponId, holder);
  await eventually(async () =>
    expect(await instance.get(RedisCouponStore).inspect(couponId)).toMatchObject({ pending: 0 }),
  );
  await changeEnd(couponId, new Date(Date.now() - daysAgo * DAY_MS));
  // By then, every instance has long noticed the end.
  if (daysAgo > 0) await eventually(async () => await expectRefused(couponId, 'COUPON_EXPIRED'));
  return { couponId, holder };
}

async function expectRefused(couponId: number, code: string, userId = newUserId()): Promise<void> {
  await expect(instance.get(ReservationService).reserve(couponId, userId)).rejects.toMatchObject({ code });
}

async function changeEnd(couponId: number, expiresAt: Date): Promise<void> {
  await instance.get(CouponService).change(couponId, { expiresAt }, TESTER);
}

async function forgetEnded(): Promise<number[]> {
  return (await instance.get(ForgetEndedCouponsJob).forgetEnded()).sort((a, b) => a - b);
}

async function keysOf(couponId: number): Promise<string[]> {
  return (await redis.keys(`coupon:{${couponId}}:*`)).sort();
}

describe('coupons that ended', () => {
  it('are forgotten beyond the days of retention, and none of the others', async () => {
    const longAgo = await couponThatEnded(RETENTION_DAYS + 0.01);
    const longer = await couponThatEnded(300);
    const kept = [await couponThatEnded(RETENTION_DAYS - 0.01), await couponThatEnded(0.01), await couponThatEnded(-1)];
    const before = await Promise.all(kept.map(({ couponId }) => keysOf(couponId)));

    expect(await forgetEnded()).toEqual([longAgo.couponId, longer.couponId]);
    expect([await keysOf(longAgo.couponId), await keysOf(longer.couponId)]).toEqual([[], []]);
    expect(await Promise.all(kept.map(({ couponId }) => keysOf(couponId)))).toEqual(before);
    expect(before.map((names) => names.length)).toEqual([4, 4, 4]);
  });

  it('are forgotten once: the second time changes nothing', async () => {
    const { couponId } = await couponThatEnded(RETENTION_DAYS + 1);
    const kept = await couponThatEnded(1);
    expect(await forgetEnded()).toEqual([couponId]);
    const before = await redis.keys('coupon:*');
    expect(await forgetEnded()).toEqual([]);
    expect((await redis.keys('coupon:*')).sort()).toEqual(before.sort());
    expect(await keysOf(kept.couponId)).toHaveLength(4);
  });

  it('are kept while something is pending, and forgotten when it has been issued', async () => {
    const { couponId } = await couponThatEnded(-1);
    const userId = newUserId();
    // The process died before the event.
    const [number] = await instance.get(AdmissionStore).reserve(couponId, [userId]);
    await changeEnd(couponId, new Date(Date.now() - (RETENTION_DAYS + 1) * DAY_MS));
    expect(await forgetEnded()).toEqual([]);
    expect(await keysOf(couponId)).toEqual(scriptKeys(couponId).sort());

    await instance.get(SweepService).sweepAll();
    await instance.get(SweepService).sweepAll();
    await eventually(async () => expect(await forgetEnded()).toEqual([couponId]));
    const rows = await database.userCoupons(couponId);
    expect(rows.map(({ sequenceNumber }) => sequenceNumber)).toEqual([1, number]);
  });

  it('are forgotten also when only a part of their keys is left', async () => {
    const { couponId } = await couponThatEnded(RETENTION_DAYS + 1);
    await redis.del(keys.state(couponId), keys.reserved(couponId));
    expect(await forgetEnded()).toEqual([couponId]);
    expect(await keysOf(couponId)).toEqual([]);
  });

  it('are forgotten although another one cannot be', async () => {
    const bad = await couponThatEnded(RETENTION_DAYS + 1);
    const good = await couponThatEnded(RETENTION_DAYS + 1);
    const store = instance.get(RedisCouponStore);
    const forget = store.forget.bind(store);
    const refusing = jest.spyOn(store, 'forget').mockImplementation(async (couponId) => {
      if (couponId === bad.couponId) throw new Error('a fault of this coupon, as this test wants it');
      return await forget(couponId);
    });
    expect(await forgetEnded()).toEqual([good.couponId]);
    expect(await keysOf(bad.couponId)).toHaveLength(4);
    refusing.mockRestore();
    expect(await forgetEnded()).toEqual([bad.couponId]);
  });

  it('leave alone keys of which MySQL knows no coupon', async () => {
    await redis.set(keys.sequence(987_654), 5);
    expect(await forgetEnded()).toEqual([]);
    expect(await keysOf(987_654)).toEqual([keys.sequence(987_654)]);
  });
});

describe('a coupon that was forgotten', () => {
  it('refuses as before, contradicts nothing, and no sweep and no reserve loads it again', async () => {
    const { couponId, holder } = await couponThatEnded(RETENTION_DAYS + 1);
    await forgetEnded();
    await expectRefused(couponId, 'COUPON_EXPIRED');
    await expectRefused(couponId, 'COUPON_EXPIRED', holder);
    await expect(instance.get(RebuildService).rebuild(couponId)).rejects.toMatchObject({ code: 'COUPON_EXPIRED' });
    await instance.get(SweepService).sweepAll();
    expect(await keysOf(couponId)).toEqual([]);
    expect(await instance.get(AuditService).audit(couponId)).toMatchObject({ consistent: true, database: { rows: 1 } });
    expect(await instance.get(ReservationFollower).find(couponId, holder)).toMatchObject({
      status: 'ISSUED',
      sequenceNumber: 1,
    });
  });

  it('is rebuilt when it is prolonged: holders still hold, and no number is given twice', async () => {
    const { couponId, holder } = await couponThatEnded(RETENTION_DAYS + 1);
    await forgetEnded();
    await changeEnd(couponId, new Date(Date.now() + DAY_MS));
    await eventually(async () => await expectRefused(couponId, 'ALREADY_ISSUED', holder));
    const { sequenceNumber } = await instance.get(ReservationService).reserve(couponId, newUserId());
    expect(sequenceNumber).toBeGreaterThan(1);
  });
});
