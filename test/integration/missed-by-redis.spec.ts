import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { CouponService } from '../../src/coupon/coupon.service.js';
import { DefinitionStore } from '../../src/coupon/reservation/definition.store.js';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import { RedisConnection } from '../../src/platform/redis/redis-connection.js';
import type { TestDatabase } from '../support/database.js';
import { Instance } from '../support/instance.js';
import { outcomeOf } from '../support/outcome.js';
import { openOwnServers } from '../support/own-servers.js';
import { eventually } from '../support/poll.js';
import { runIdOf } from '../support/redis.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { newUserId } from '../support/unique-ids.js';
import { TESTER } from '../support/actor.js';

/**
 * Redis stays the same server, but for a while it hears nothing of us, or only later. No sweep makes up for it here.
 */

let instance: Instance;
let database: TestDatabase;
let proxy: TcpProxy;
/** Past the proxy. */
let redis: Redis;

beforeAll(async () => {
  const own = await openOwnServers('missed');
  ({ redis, database } = own);
  proxy = await TcpProxy.inFrontOf(own.servers.redisUrl);
  instance = await Instance.open({
    servers: { ...own.servers, redisUrl: proxy.url },
    env: { REDIS_COMMAND_TIMEOUT_MS: '250', COUPON_REBUILD_LOCK_TTL_MS: '600000', LOG_LEVEL: 'fatal' },
  });
});

async function pause(couponId: number): Promise<void> {
  expect(await instance.get(CouponService).change(couponId, { isActive: false }, TESTER)).toMatchObject({
    status: 'PAUSED',
  });
}

async function becomesPaused(couponId: number): Promise<void> {
  const reserve = () => outcomeOf(instance.get(ReservationService).reserve(couponId, newUserId()));
  await eventually(async () => expect(await reserve()).toBe('COUPON_INACTIVE'));
}

/** Does something while there is no connection, and brings it back. */
async function whileCutOff(work: () => Promise<unknown>): Promise<void> {
  await proxy.refuse();
  try {
    await eventually(() => expect(runIdOf(instance.get(RedisConnection))).toBeUndefined());
    await work();
  } finally {
    await proxy.accept();
  }
}

/** Does something that Redis hears of only afterwards, over the same connection. */
async function whileStalled(work: () => Promise<void>): Promise<void> {
  proxy.stall();
  try {
    await work();
  } finally {
    proxy.resume();
  }
}

describe('a rebuild that Redis begins after it was given up', () => {
  it('is ended as well, so that the next one need not wait for its lock to expire', async () => {
    const couponId = await instance.createCoupon(10);
    await whileStalled(async () => {
      expect(await outcomeOf(instance.get(RebuildService).rebuild(couponId))).toBe('RESERVATION_UNAVAILABLE');
      expect(await redis.exists(keys.state(couponId))).toBe(1);
    });
    await eventually(async () => expect(await redis.exists(keys.state(couponId))).toBe(0));
    await eventually(async () => expect(await instance.get(RebuildService).load(couponId)).toBe(true));
  });
});

describe('a change that Redis missed', () => {
  it('while it was cut off is there soon after it is connected again', async () => {
    const couponId = await instance.createCoupon(10);
    await whileCutOff(() => pause(couponId));
    await becomesPaused(couponId);
  });

  it('is there soon also if whoever made it has died', async () => {
    const couponId = await instance.createCoupon(10);
    const sql = 'UPDATE coupons SET is_active = 0, version = version + 1 WHERE id = ?';
    await whileCutOff(() => database.change(sql, [couponId]));
    await becomesPaused(couponId);
  });

  it('because it was full is there soon after it takes something again, over the same connection', async () => {
    const couponId = await instance.createCoupon(10);
    await redis.config('SET', 'maxmemory', '1');
    try {
      await pause(couponId);
    } finally {
      await redis.config('SET', 'maxmemory', '0');
    }
    await becomesPaused(couponId);
  });
});

describe('a smaller total that Redis takes after it was given up', () => {
  it('is put back, since MySQL has kept the larger one', async () => {
    const couponId = await instance.createCoupon(10);
    const definitions = instance.get(DefinitionStore);
    await whileStalled(async () => {
      const lowering = instance.get(CouponService).change(couponId, { totalQuantity: 4 }, TESTER);
      expect(await outcomeOf(lowering)).toBe('RESERVATION_UNAVAILABLE');
    });
    // Version 2 was the smaller one.
    await eventually(async () =>
      expect(await definitions.definition(couponId)).toMatchObject({ version: 3, capacity: 10 }),
    );
    expect(await instance.get(CouponService).get(couponId)).toMatchObject({ totalQuantity: 10 });
  });
});
