import { afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { LedgerRepository } from '../../src/coupon/ledger.repository.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { RebuildStore } from '../../src/coupon/reservation/rebuild.store.js';
import { RedisCouponStore } from '../../src/coupon/reservation/redis-coupon.store.js';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { outcomeOf } from '../support/outcome.js';
import { openTwoInstances, type TwoInstances } from '../support/two-instances.js';
import { newUserId } from '../support/unique-ids.js';

let world: TwoInstances;

beforeAll(async () => {
  // So long does the last of these tests take.
  world = await openTwoInstances('coupon_creation', { COUPON_REBUILD_LOCK_TTL_MS: '3000' });
});

afterEach(() => {
  jest.restoreAllMocks();
});

/** Has `happens` happen when the coupon that is created next is in MySQL, and before it is loaded. */
function betweenInsertAndLoad(happens: (couponId: number) => Promise<unknown>): void {
  const rebuilds = world.one.get(RebuildService);
  const loadOrAwait = rebuilds.loadOrAwait.bind(rebuilds);
  jest.spyOn(rebuilds, 'loadOrAwait').mockImplementationOnce(async (couponId) => {
    await happens(couponId);
    await loadOrAwait(couponId);
  });
}

/** Calls `then` when the instance that creates the coupon has been told so many times that another one is loading it. */
function whenBusy(times: number, then: () => unknown): void {
  const store = world.one.get(RebuildStore);
  const begin = store.beginRebuild.bind(store);
  let told = 0;
  jest.spyOn(store, 'beginRebuild').mockImplementation(async (...args) => {
    const begun = await begin(...args);
    if (begun === 'BUSY' && ++told === times) await then();
    return begun;
  });
}

it('answers when the first reservation finds the coupon, though another instance is loading it', async () => {
  const steps = new EventEmitter();
  const isReading = once(steps, 'reading');
  const mayGoOn = once(steps, 'go on');
  const ledger = world.other.get(LedgerRepository);
  const read = ledger.usersAfter.bind(ledger);
  jest.spyOn(ledger, 'usersAfter').mockImplementationOnce(async (...args) => {
    steps.emit('reading');
    await mayGoOn;
    return await read(...args);
  });
  let loadedByOther: Promise<boolean> | undefined;
  betweenInsertAndLoad(async (couponId) => {
    loadedByOther = world.other.get(RebuildService).load(couponId);
    await isReading;
  });
  // Not before it has asked again: one that asks once would answer too early.
  whenBusy(2, () => steps.emit('go on'));
  try {
    const couponId = await world.one.createCoupon(10);
    expect(await outcomeOf(world.other.get(ReservationService).reserve(couponId, newUserId()))).toBe('OK');
  } finally {
    steps.emit('go on');
    await loadedByOther;
  }
});

it('loads the coupon itself when the lock of an instance that was killed has expired', async () => {
  let lock = '';
  betweenInsertAndLoad(async (couponId) => {
    lock = keys.rebuildLock(couponId);
    await world.redis.set(lock, 'of one that was killed', 'PX', 3_600_000);
  });
  whenBusy(1, () => world.redis.del(lock));
  const couponId = await world.one.createCoupon(10);
  expect(await outcomeOf(world.one.get(ReservationService).reserve(couponId, newUserId()))).toBe('OK');
});

it('answers with the coupon still closed when another instance takes longer than a lock lives', async () => {
  betweenInsertAndLoad((couponId) => world.redis.set(keys.rebuildLock(couponId), 'of a slow one', 'PX', 3_600_000));
  const couponId = await world.one.createCoupon(10);
  expect((await world.one.get(RedisCouponStore).inspect(couponId)).loaded).toBe(false);
  await world.redis.del(keys.rebuildLock(couponId));
  expect(await world.one.get(RebuildService).load(couponId)).toBe(true);
});
