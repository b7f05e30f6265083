import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AdmissionStore } from '../../src/coupon/reservation/admission.store.js';
import { RebuildRepository } from '../../src/coupon/reservation/rebuild.repository.js';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { RebuildStore } from '../../src/coupon/reservation/rebuild.store.js';
import { RedisCouponStore } from '../../src/coupon/reservation/redis-coupon.store.js';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { Instance } from '../support/instance.js';
import { outcomeOf } from '../support/outcome.js';
import { openOwnServers, type OwnServers } from '../support/own-servers.js';
import { eventually } from '../support/poll.js';
import { holdRowLock } from '../support/row-lock.js';
import { newUserId } from '../support/unique-ids.js';

let own: OwnServers;
let instance: Instance;

beforeAll(async () => {
  own = await openOwnServers('rebuild_lock');
  instance = await Instance.open({
    servers: own.servers,
    env: { COUPON_REBUILD_LOCK_TTL_MS: '1000', DATABASE_STATEMENT_TIMEOUT_MS: '2000', LOG_LEVEL: 'fatal' },
  });
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the lock of a rebuild', () => {
  it('lives for as long as MySQL keeps the rebuild waiting, and not only while it gets on', async () => {
    const couponId = await instance.createCoupon(10);
    const lock = keys.rebuildLock(couponId);
    const repository = instance.get(RebuildRepository);
    const beginEpoch = repository.beginEpoch.bind(repository);
    jest.spyOn(repository, 'beginEpoch').mockImplementationOnce(async (...args) => {
      // Each renewal moves the moment at which it would expire; four of them are more than its life.
      for (let renewals = 0; renewals < 4; renewals += 1) {
        const expiresAt = await own.redis.pexpiretime(lock);
        await eventually(async () => expect(await own.redis.pexpiretime(lock)).toBeGreaterThan(expiresAt), {
          intervalMs: 20,
        });
      }
      expect(await instance.get(RebuildStore).beginRebuild(couponId, 'another')).toBe('BUSY');
      await beginEpoch(...args);
    });
    expect(await outcomeOf(instance.get(RebuildService).rebuild(couponId))).toBe('OK');
    expect(await own.redis.exists(lock)).toBe(0);
  });

  it('of a process that has died delays the next rebuild by no more than its life', async () => {
    const couponId = await instance.createCoupon(10);
    await instance.get(RebuildStore).beginRebuild(couponId, 'a process that has died');
    expect(await instance.get(RebuildService).load(couponId)).toBe(false);
    await eventually(async () => expect(await instance.get(RebuildService).load(couponId)).toBe(true));
  });
});

describe('a rebuild of a coupon whose row cannot be had', () => {
  it('closes nothing: who asks meanwhile is admitted', async () => {
    const couponId = await instance.createCoupon(10);
    await eventually(async () => expect(await instance.get(RebuildService).load(couponId)).toBe(true));
    const giveBack = await holdRowLock(own.servers.databaseUrl, 'coupons', couponId);
    try {
      const rebuild = outcomeOf(instance.get(RebuildService).rebuild(couponId));
      await eventually(async () => expect(await own.database.running('%`coupons`%FOR UPDATE%')).toBe(1));
      const answers = await instance.get(AdmissionStore).reserve(couponId, [newUserId()]);
      expect(answers).toEqual([1]);
      expect(await rebuild).toMatch(/Lock wait timeout|not answered within/);
      expect(await instance.get(RedisCouponStore).inspect(couponId)).toMatchObject({ loaded: true, users: 1 });
    } finally {
      await giveBack();
    }
    expect(await outcomeOf(instance.get(RebuildService).rebuild(couponId))).toBe('OK');
  });
});
