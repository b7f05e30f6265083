import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SweepService } from '../../src/coupon/issuance/sweep.service.js';
import { RedisCouponStore } from '../../src/coupon/reservation/redis-coupon.store.js';
import { DefinitionPublisher } from '../../src/coupon/reservation/definition-publisher.service.js';
import { LedgerRepository } from '../../src/coupon/ledger.repository.js';
import { inParallel } from '../support/in-parallel.js';
import { plantSlot } from '../support/planted-faults.js';
import { openTwoInstances, type TwoInstances } from '../support/two-instances.js';
import { newUserId } from '../support/unique-ids.js';

/** Sweeps that meet a coupon in trouble, or each other. */

let world: TwoInstances;

beforeAll(async () => {
  world = await openTwoInstances('sweep');
});

afterEach(() => {
  jest.restoreAllMocks();
});

async function totalInRedis(couponId: number): Promise<number | undefined> {
  return (await world.one.get(RedisCouponStore).inspect(couponId)).definition?.totalQuantity;
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
      if (couponId === couponIds[1]) throw Object.assign(new Error('held up'), trouble);
      await reconcile(couponId);
    });
    await one.get(SweepService).sweepAll();
    expect(await inParallel(couponIds, totalInRedis)).toEqual([7, 10, 7]);
  });

  it('leaves a coupon alone that another instance has rebuilt while it counted the rows', async () => {
    const [one, other] = [world.one.get(SweepService), world.other.get(SweepService)];
    const couponId = await world.one.createCoupon(10);
    const store = world.one.get(RedisCouponStore);
    await plantSlot(world.redis, couponId, newUserId());
    // A leak is believed when it is seen twice.
    await inParallel([one, other], (sweep) => sweep.sweepAll());
    const { epoch = 0 } = await store.inspect(couponId);

    const ledger = world.other.get(LedgerRepository);
    const countRows = ledger.countRows.bind(ledger);
    jest.spyOn(ledger, 'countRows').mockImplementationOnce(async (id) => {
      const rows = await countRows(id);
      await one.sweepAll();
      return rows;
    });
    await other.sweepAll();
    expect(await store.inspect(couponId)).toMatchObject({ epoch: epoch + 1, reserved: 0, users: 0, loaded: true });
  });
});
