import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { AuditService } from '../../src/coupon/audit/audit.service.js';
import { SweepService } from '../../src/coupon/issuance/sweep.service.js';
import { RedisCouponStore } from '../../src/coupon/reservation/redis-coupon.store.js';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { RebuildStore } from '../../src/coupon/reservation/rebuild.store.js';
import { LedgerRepository } from '../../src/coupon/ledger.repository.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import { inParallel } from '../support/in-parallel.js';
import type { Instance } from '../support/instance.js';
import { insertCoupon, insertIssuedCoupon } from '../support/ledger-coupons.js';
import { outcomeOf } from '../support/outcome.js';
import { deleteKeys } from '../support/planted-faults.js';
import { eventually } from '../support/poll.js';
import { countEach } from '../support/tally.js';
import { openTwoInstances, type TwoInstances } from '../support/two-instances.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

const MANY = 200_000;
/** Several chunks of a rebuild. */
const SOME = 20_000;

let world: TwoInstances;

beforeAll(async () => {
  world = await openTwoInstances('rebuild');
});

afterEach(() => {
  jest.restoreAllMocks();
});

function rebuild(instance: Instance, couponId: number): Promise<string> {
  return outcomeOf(instance.get(RebuildService).rebuild(couponId));
}

/** Reserves at one instance or, for an odd `index`, at the other. */
function reserve(couponId: number, userId: number, index: number): Promise<string> {
  return outcomeOf((index % 2 === 0 ? world.one : world.other).get(ReservationService).reserve(couponId, userId));
}

async function epochOf(couponId: number): Promise<number> {
  const sql = 'SELECT epoch FROM coupons WHERE id = ?';
  return (await world.database.row<{ epoch: number }>(sql, [couponId])).epoch;
}

async function expectConsistent(couponId: number): Promise<void> {
  await eventually(async () => {
    // What was confirmed while the coupon was closed is pending until it is swept.
    await world.one.get(SweepService).sweepAll();
    const { violations, redis } = await world.one.get(AuditService).audit(couponId);
    expect({ violations, pending: redis?.pending }).toEqual({ violations: [], pending: 0 });
  });
}

describe('a coupon with 200,000 issued users', () => {
  const FREE = 100;
  const holders = newUserIds(MANY);
  let couponId: number;

  beforeAll(async () => {
    couponId = await insertIssuedCoupon(world.dataSource, MANY + FREE, {
      firstUserId: holders[0] as number,
      count: MANY,
    });
  });

  it.each(['for the first time', 'after its keys were lost'])(
    'is rebuilt %s while requests come in: no wrong yes, nobody twice, the stock exactly',
    async (when) => {
      if (when !== 'for the first time') {
        await deleteKeys(world.redis, couponId, 'state', 'reserved', 'users', 'sequence');
        await world.database.change('UPDATE coupons SET total_quantity = total_quantity + ? WHERE id = ?', [
          FREE,
          couponId,
        ]);
      }
      const heard = { holders: [] as string[], others: [] as string[] };
      const epoch = await epochOf(couponId);
      // The first one starts the rebuild; they go on until there is nothing left.
      await eventually(
        async () => {
          const someHolders = [1, 2, 3, 4].map(() => holders[randomInt(MANY)] as number);
          heard.others.push(...(await inParallel(newUserIds(20), (userId, index) => reserve(couponId, userId, index))));
          heard.holders.push(...(await inParallel(someHolders, (userId, index) => reserve(couponId, userId, index))));
          expect(heard.others).toContain('COUPON_SOLD_OUT');
        },
        { intervalMs: 20 },
      );
      expect(Object.keys(countEach(heard.others)).sort()).toEqual(['COUPON_SOLD_OUT', 'OK', 'RESERVATION_UNAVAILABLE']);
      expect(countEach(heard.others)['OK']).toBe(FREE);
      expect(Object.keys(countEach(heard.holders)).sort()).toEqual(['ALREADY_ISSUED', 'RESERVATION_UNAVAILABLE']);

      await expectConsistent(couponId);
      const { totalQuantity, issuedQuantity } = await world.database.couponCounts(couponId);
      expect(issuedQuantity).toBe(totalQuantity);
      const held = await world.one.get(RedisCouponStore).inspect(couponId);
      expect(held).toMatchObject({ loaded: true, reserved: totalQuantity, users: totalQuantity, pending: 0 });
      // Both instances were asked, and it was rebuilt once.
      expect(await epochOf(couponId)).toBe(epoch + 1);
    },
  );

  it('is rebuilt by one of two instances that are told to at the same time; the other one hears 503', async () => {
    const epoch = await epochOf(couponId);
    const outcomes = await Promise.all([rebuild(world.one, couponId), rebuild(world.other, couponId)]);
    expect(countEach(outcomes)).toEqual({ OK: 1, RESERVATION_UNAVAILABLE: 1 });
    expect(await epochOf(couponId)).toBe(epoch + 1);
    await expectConsistent(couponId);
  });
});

describe('a rebuild', () => {
  it.each(['lost', 'taken by someone else'])(
    'whose lock was %s in the middle does not open the coupon',
    async (how) => {
      const firstUserId = newUserIds(SOME)[0] as number;
      const couponId = await insertIssuedCoupon(world.dataSource, SOME, { firstUserId, count: SOME });
      const ledger = world.one.get(LedgerRepository);
      const read = ledger.usersAfter.bind(ledger);
      let chunks = 0;
      jest.spyOn(ledger, 'usersAfter').mockImplementation(async (...args) => {
        chunks += 1;
        if (chunks === 3 && how === 'lost') await world.redis.del(keys.rebuildLock(couponId));
        if (chunks === 3 && how !== 'lost') await world.redis.set(keys.rebuildLock(couponId), 'another', 'PX', 60_000);
        return await read(...args);
      });
      expect(await rebuild(world.one, couponId)).toBe('RESERVATION_UNAVAILABLE');
      expect(chunks).toBe(3);
      expect(await world.redis.exists(keys.state(couponId))).toBe(0);
      // Whoever has the lock now keeps it.
      expect(await world.redis.get(keys.rebuildLock(couponId))).toBe(how === 'lost' ? null : 'another');
      expect(await reserve(couponId, newUserId(), 1)).toBe('RESERVATION_UNAVAILABLE');

      await world.redis.del(keys.rebuildLock(couponId));
      // The reserve that found it closed may be about to start one too.
      await eventually(async () => expect(await rebuild(world.other, couponId)).toBe('OK'));
      await expectConsistent(couponId);
    },
  );

  it('in the middle of a drop keeps everyone who was admitted', async () => {
    const couponId = await insertCoupon(world.dataSource, { total_quantity: 500 });
    await world.one.get(RebuildService).load(couponId);
    const accepted: number[] = [];
    const drop = inParallel(
      newUserIds(1500),
      async (userId, index) => {
        const answer = await reserve(couponId, userId, index);
        if (answer === 'OK') accepted.push(userId);
        return answer;
      },
      10,
    );
    for (const instance of [world.one, world.other, world.one, world.other]) await rebuild(instance, couponId);
    expect(
      Object.keys(countEach(await drop)).filter(
        (heard) => !['OK', 'COUPON_SOLD_OUT', 'RESERVATION_UNAVAILABLE'].includes(heard),
      ),
    ).toEqual([]);
    expect(accepted.length).toBeGreaterThan(0);
    await eventually(async () => {
      const users = new Set((await world.database.userCoupons(couponId)).map(({ userId }) => userId));
      expect(accepted.filter((userId) => !users.has(userId))).toEqual([]);
    });
    await expectConsistent(couponId);
  });

  it('does not close a coupon that another instance has opened since it was found closed', async () => {
    const couponId = await insertCoupon(world.dataSource);
    const store = world.one.get(RebuildStore);
    const begin = store.beginRebuild.bind(store);
    jest.spyOn(store, 'beginRebuild').mockImplementationOnce(async (...args) => {
      await world.other.get(RebuildService).load(couponId);
      return await begin(...args);
    });
    expect(await world.one.get(RebuildService).load(couponId)).toBe(true);
    expect(await epochOf(couponId)).toBe(1);
    const before = await world.redis.hgetall(keys.state(couponId));
    expect(await store.beginRebuild(couponId, 'mine', { unlessLoaded: true })).toBe('LOADED');
    expect(await world.redis.exists(keys.rebuildLock(couponId))).toBe(0);
    expect(await world.redis.hgetall(keys.state(couponId))).toEqual(before);
    expect(await reserve(couponId, newUserId(), 0)).toBe('OK');
  });

  it('of an unknown coupon is refused', async () => {
    expect(await rebuild(world.one, 987_654_321)).toBe('COUPON_NOT_FOUND');
  });

  it('of a coupon that has ended is refused, without a look at its rows and with its keys as they were', async () => {
    const couponId = await insertCoupon(world.dataSource);
    await world.one.get(RebuildService).load(couponId);
    await world.one.get(ReservationService).issue(couponId, newUserId());
    await world.database.change('UPDATE coupons SET expires_at = NOW(3) - INTERVAL 1 DAY WHERE id = ?', [couponId]);
    const before = { epoch: await epochOf(couponId), state: await world.redis.hgetall(keys.state(couponId)) };

    const looks = jest.spyOn(world.one.get(LedgerRepository), 'usersAfter');
    expect(await rebuild(world.one, couponId)).toBe('COUPON_EXPIRED');
    expect(looks).not.toHaveBeenCalled();
    expect({ epoch: await epochOf(couponId), state: await world.redis.hgetall(keys.state(couponId)) }).toEqual(before);
  });
});
