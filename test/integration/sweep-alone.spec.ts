import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { fromDriver } from '../../src/platform/database/database-errors.js';
import { SweepService } from '../../src/coupon/issuance/sweep.service.js';
import { AdmissionStore } from '../../src/coupon/reservation/admission.store.js';
import { RedisCouponStore } from '../../src/coupon/reservation/redis-coupon.store.js';
import { DefinitionPublisher } from '../../src/coupon/reservation/definition-publisher.service.js';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import { CouponRepository } from '../../src/coupon/coupon.repository.js';
import { LedgerRepository } from '../../src/coupon/ledger.repository.js';
import { inParallel } from '../support/in-parallel.js';
import type { Instance } from '../support/instance.js';
import { outcomeOf } from '../support/outcome.js';
import { deleteKeys, plantRow, plantSlot, RESERVATION_KEYS } from '../support/planted-faults.js';
import { eventually } from '../support/poll.js';
import { holdRowLock } from '../support/row-lock.js';
import { openTwoInstances, type TwoInstances } from '../support/two-instances.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** Sweeps that meet a coupon in trouble, or each other. */

let world: TwoInstances;

beforeAll(async () => {
  world = await openTwoInstances('sweep');
});

afterEach(() => {
  jest.restoreAllMocks();
});

async function isLoaded(couponId: number): Promise<boolean> {
  return (await world.one.get(RedisCouponStore).inspect(couponId)).loaded;
}

async function totalInRedis(couponId: number): Promise<number | undefined> {
  return (await world.one.get(RedisCouponStore).inspect(couponId)).definition?.capacity;
}

describe('a sweep', () => {
  it.each([
    ['whose row someone has locked', { errno: 1205 }],
    ['about which a statement takes too long', { code: 'DATABASE_STATEMENT_TIMEOUT' }],
  ])('goes on with the others behind a coupon %s', async (_what, trouble) => {
    const { one, database } = world;
    const couponIds = [await one.createCoupon(10), await one.createCoupon(10), await one.createCoupon(10)];
    await database.change('UPDATE coupons SET total_quantity = 7 WHERE id IN (?)', [couponIds]);
    const publisher = one.get(DefinitionPublisher);
    const reconcile = publisher.reconcile.bind(publisher);
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    jest.spyOn(publisher, 'reconcile').mockImplementation(async (couponId) => {
      if (couponId === couponIds[1]) throw fromDriver(Object.assign(new Error('held up'), trouble));
      await reconcile(couponId);
    });
    await one.get(SweepService).sweepAll();
    expect(await inParallel(couponIds, totalInRedis)).toEqual([7, 10, 7]);
  });

  it('loads the others while it waits for a coupon whose row someone has locked', async () => {
    const { one, servers, redis } = world;
    const couponIds = [await one.createCoupon(10), await one.createCoupon(10), await one.createCoupon(10)];
    const [locked, ...others] = couponIds as [number, number, number];
    for (const couponId of couponIds) await deleteKeys(redis, couponId, ...RESERVATION_KEYS);
    const giveBack = await holdRowLock(servers.databaseUrl, 'coupons', locked);
    const sweep = one.get(SweepService).sweepAll();
    try {
      await eventually(async () => {
        for (const couponId of others) expect(await isLoaded(couponId)).toBe(true);
      });
      expect(await isLoaded(locked)).toBe(false);
    } finally {
      await giveBack();
      await sweep;
    }
    expect(await isLoaded(locked)).toBe(true);
  });

  it('loads a coupon that has no key at all, without anyone asking for it', async () => {
    const couponId = await world.one.createCoupon(10);
    await world.one.get(ReservationService).issue(couponId, newUserId());
    await deleteKeys(world.redis, couponId, ...RESERVATION_KEYS);
    await world.other.get(SweepService).sweepAll();
    expect(await world.one.get(RedisCouponStore).inspect(couponId)).toMatchObject({ loaded: true, users: 1 });
  });

  it.each(RESERVATION_KEYS)(
    'heals a coupon of which someone made %s something else, and goes on with the others',
    async (key) => {
      const couponIds = [await world.one.createCoupon(10), await world.one.createCoupon(10)];
      const [broken, other] = couponIds as [number, number];
      const { sequenceNumber } = await world.one.get(ReservationService).issue(broken, newUserId());
      await world.redis.del(keys[key](broken));
      await world.redis.hset(keys[key](broken), 'not', 'ours');
      await deleteKeys(world.redis, other, ...RESERVATION_KEYS);
      expect(await outcomeOf(world.one.get(ReservationService).reserve(broken, newUserId()))).toBe(
        'RESERVATION_UNAVAILABLE',
      );
      await world.one.get(SweepService).sweepAll();
      for (const couponId of couponIds) expect(await isLoaded(couponId)).toBe(true);
      const next = await world.one.get(ReservationService).issue(broken, newUserId());
      expect(next.sequenceNumber).toBeGreaterThan(sequenceNumber);
    },
  );

  it('rebuilds a coupon whose sequence is below a number of the ledger', async () => {
    const couponId = await world.one.createCoupon(10);
    await world.one.get(ReservationService).issue(couponId, newUserId());
    await plantRow(world.database, couponId, newUserId(), 7);
    await world.other.get(SweepService).sweepAll();
    expect(await world.one.get(ReservationService).issue(couponId, newUserId())).toMatchObject({ sequenceNumber: 18 });
    expect(await world.one.get(RedisCouponStore).inspect(couponId)).toMatchObject({ users: 3 });
  });
});

describe('slots that leak', () => {
  it('are offered again one by one when two sweeps have seen them, and the coupon stays open', async () => {
    const sweep = world.one.get(SweepService);
    const store = world.one.get(RedisCouponStore);
    const couponId = await world.one.createCoupon(10);
    await world.one.get(ReservationService).issue(couponId, newUserId());
    for (const userId of newUserIds(2)) await plantSlot(world.redis, couponId, userId);
    const before = await store.inspect(couponId);
    await sweep.sweepAll();
    // One look of each instance is not enough.
    await world.other.get(SweepService).sweepAll();
    expect(await store.inspect(couponId)).toEqual(before);
    await sweep.sweepAll();
    expect(await store.inspect(couponId)).toEqual({ ...before, reserved: 1, users: 1 });
  });

  it('are not believed of a database that lags behind: nobody loses their slot', async () => {
    const couponId = await world.one.createCoupon(10);
    const users = newUserIds(3);
    for (const userId of users) await world.one.get(ReservationService).issue(couponId, userId);
    const before = await world.one.get(RedisCouponStore).inspect(couponId);
    lagBehind(world.one);
    for (let sweeps = 0; sweeps < 3; sweeps += 1) await world.one.get(SweepService).sweepAll();
    expect(await world.one.get(RedisCouponStore).inspect(couponId)).toEqual(before);
    for (const userId of users)
      expect(await outcomeOf(world.one.get(ReservationService).reserve(couponId, userId))).toBe('ALREADY_ISSUED');
  });
});

async function deletedCoupon() {
  const couponId = await world.one.createCoupon(10);
  const reservations = [];
  for (const userId of newUserIds(2)) {
    const [sequenceNumber] = await world.one.get(AdmissionStore).reserve(couponId, [userId]);
    reservations.push({ userId, sequenceNumber, reason: 'COUPON_DELETED' });
  }
  await world.database.change('DELETE FROM coupons WHERE id = ?', [couponId]);
  return { couponId, reservations };
}

async function failures(couponId: number) {
  return await world.database.rows(
    `SELECT user_id AS userId, sequence_number AS sequenceNumber, reason
       FROM issuance_failures WHERE coupon_id = ? ORDER BY sequence_number`,
    [couponId],
  );
}

describe('a coupon whose row someone has deleted', () => {
  it('is closed at the second sweep: callers hear that there is none, what was pending has failed', async () => {
    const { couponId, reservations } = await deletedCoupon();
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const sweep = world.one.get(SweepService);
    await sweep.sweepAll();
    expect(await failures(couponId)).toEqual([]);
    await sweep.sweepAll();
    expect(await failures(couponId)).toEqual(reservations);
    expect(await world.redis.keys(`coupon:{${couponId}}:*`)).toEqual([]);
    for (const instance of [world.one, world.other]) {
      const reserve = () => outcomeOf(instance.get(ReservationService).reserve(couponId, newUserId()));
      await eventually(async () => expect(await reserve()).toBe('COUPON_NOT_FOUND'));
    }
    await sweep.sweepAll();
    expect(warn.mock.calls.filter(([line]) => String(line).startsWith(`coupon ${couponId} is gone`))).toHaveLength(1);
  });

  it('ends each reservation once, also when two instances find out at the same time', async () => {
    const { couponId, reservations } = await deletedCoupon();
    for (let sweeps = 0; sweeps < 3; sweeps += 1)
      await inParallel([world.one, world.other], (instance) => instance.get(SweepService).sweepAll());
    expect(await failures(couponId)).toEqual(reservations);
    expect(await world.redis.keys(`coupon:{${couponId}}:*`)).toEqual([]);
  });
});

/** What the instance reads without a lock is of a node that has not heard of any row yet. */
function lagBehind(instance: Instance): void {
  const coupons = instance.get(CouponRepository);
  const ledger = instance.get(LedgerRepository);
  const findMany = coupons.findMany.bind(coupons);
  jest
    .spyOn(coupons, 'findMany')
    .mockImplementation(async (ids) =>
      (await findMany(ids)).map((coupon) => Object.assign(coupon, { issuedQuantity: 0 })),
    );
  jest.spyOn(ledger, 'countRows').mockResolvedValue(0);
  jest.spyOn(ledger, 'usersWithRow').mockResolvedValue(new Set());
}
