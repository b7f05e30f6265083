import { beforeAll, describe, expect, it } from '@jest/globals';
import { AuditService } from '../../src/coupon/audit/audit.service.js';
import { SweepService } from '../../src/coupon/issuance/sweep.service.js';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { RedisCouponStore } from '../../src/coupon/reservation/redis-coupon.store.js';
import { ReservationFollower } from '../../src/coupon/reservation-follower.service.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import { InstanceBefore } from '../support/instance-before.js';
import { outcomeOf } from '../support/outcome.js';
import { openTwoInstances, type TwoInstances } from '../support/two-instances.js';
import { newUserId } from '../support/unique-ids.js';

/** New instances and one of the version before, side by side on one Redis and one MySQL. */

let world: TwoInstances;
let before: InstanceBefore;

beforeAll(async () => {
  world = await openTwoInstances('rolling');
  before = await InstanceBefore.open(world.servers.redisUrl, world.database);
});

async function epochOf(couponId: number): Promise<number | undefined> {
  const { loaded, epoch } = await world.one.get(RedisCouponStore).inspect(couponId);
  expect(loaded).toBe(true);
  return epoch;
}

async function issueByNew(couponId: number): Promise<number> {
  const issued = await world.one.get(ReservationService).issue(couponId, newUserId());
  expect(issued.status).toBe('ISSUED');
  return issued.sequenceNumber;
}

async function issueByBefore(couponId: number): Promise<number> {
  const reservation = { userId: newUserId(), sequenceNumber: 0 };
  reservation.sequenceNumber = await before.reserve(couponId, reservation.userId);
  expect(reservation.sequenceNumber).toBeGreaterThan(0);
  await before.issue(couponId, reservation);
  expect(await before.confirm(couponId, reservation)).toBe(1);
  return reservation.sequenceNumber;
}

/** Both kinds look at the coupon again and again, as their sweeps do, and neither closes it. */
async function staysOpenForBoth(couponId: number): Promise<void> {
  const epoch = await epochOf(couponId);
  for (let sweep = 0; sweep < 3; sweep += 1) {
    for (const instance of [world.one, world.other]) await instance.get(SweepService).sweepAll();
    expect(await before.isLoaded(couponId)).toBe(true);
    expect(await epochOf(couponId)).toBe(epoch);
  }
}

describe('while a new version is rolled out', () => {
  it('a coupon that a new instance has loaded is open for both, and both number it in one sequence', async () => {
    const couponId = await world.one.createCoupon(20);
    await world.one.get(RebuildService).load(couponId);
    const numbers: number[] = [];
    for (let round = 0; round < 3; round += 1) numbers.push(await issueByNew(couponId), await issueByBefore(couponId));
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6]);
    await staysOpenForBoth(couponId);
    expect(await world.other.get(AuditService).audit(couponId)).toMatchObject({ violations: [] });
  });

  it('a coupon that one of the version before has loaded is rebuilt once by a new one, and not to and fro', async () => {
    const couponId = await world.one.createCoupon(20);
    await world.one.get(RebuildService).load(couponId);
    const numbers = [await issueByBefore(couponId)];
    expect(await before.rebuild(couponId)).toBe(true);
    numbers.push(await issueByBefore(couponId));
    await world.one.get(SweepService).sweepAll();
    await staysOpenForBoth(couponId);
    numbers.push(await issueByNew(couponId), await issueByBefore(couponId));
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    await staysOpenForBoth(couponId);
    expect(await world.other.get(AuditService).audit(couponId)).toMatchObject({ violations: [] });
  });

  it('what one has admitted the other brings to its end', async () => {
    const couponId = await world.one.createCoupon(20);
    await world.one.get(RebuildService).load(couponId);
    const userId = newUserId();
    const sequenceNumber = await before.reserve(couponId, userId);
    for (let sweep = 0; sweep < 2; sweep += 1) await world.one.get(SweepService).sweepAll();
    await world.one.get(ReservationFollower).find(couponId, userId);
    expect(await world.one.get(ReservationService).issue(couponId, newUserId())).toMatchObject({ status: 'ISSUED' });
    expect((await world.database.userCoupons(couponId)).map((row) => row.sequenceNumber)).toContain(sequenceNumber);
    expect(await before.release(couponId, { userId, sequenceNumber })).toBe(0);
  });

  it('one keeps out of a rebuild of the other', async () => {
    const couponId = await world.one.createCoupon(20);
    const rebuilds = world.one.get(RebuildService);
    await rebuilds.load(couponId);
    const [byNew, byBefore] = await Promise.all([outcomeOf(rebuilds.rebuild(couponId)), before.rebuild(couponId)]);
    // One after the other, or the one that came second was refused.
    expect(byNew === 'OK' || byBefore).toBe(true);
    expect(['OK', 'RESERVATION_UNAVAILABLE']).toContain(byNew);
    await world.one.get(SweepService).sweepAll();
    await staysOpenForBoth(couponId);
  });
});
