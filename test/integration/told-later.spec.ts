import { beforeAll, describe, expect, it } from '@jest/globals';
import { AuditService } from '../../src/coupon/audit/audit.service.js';
import { CouponIssuer } from '../../src/coupon/issuance/coupon-issuer.service.js';
import { SweepService } from '../../src/coupon/issuance/sweep.service.js';
import { AdmissionStore } from '../../src/coupon/reservation/admission.store.js';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { RedisCouponStore } from '../../src/coupon/reservation/redis-coupon.store.js';
import { scriptKeys } from '../../src/coupon/reservation/reservation-keys.js';
import type { Reservation } from '../../src/coupon/reservation/reservation.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import { RedisConnection } from '../../src/platform/redis/redis-connection.js';
import { Instance } from '../support/instance.js';
import { outcomeOf } from '../support/outcome.js';
import { openOwnServers, type OwnServers } from '../support/own-servers.js';
import { eventually } from '../support/poll.js';
import { runIdOf } from '../support/redis.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { newUserId } from '../support/unique-ids.js';

/** Decisions whose news does not reach Redis at first. No sweep of its own makes up for it in most of these. */

let own: OwnServers;
/** Between the first instance and Redis. */
let proxy: TcpProxy;
let one: Instance;
let other: Instance;

beforeAll(async () => {
  own = await openOwnServers('told_later');
  proxy = await TcpProxy.inFrontOf(own.servers.redisUrl);
  one = await Instance.open({
    servers: { ...own.servers, redisUrl: proxy.url },
    env: { REDIS_COMMAND_TIMEOUT_MS: '250', LOG_LEVEL: 'fatal' },
  });
  other = await Instance.open({ servers: own.servers, env: { LOG_LEVEL: 'fatal' } });
});

async function loadedCoupon(total: number): Promise<number> {
  const couponId = await other.createCoupon(total);
  await eventually(async () => expect(await other.get(RebuildService).load(couponId)).toBe(true));
  return couponId;
}

/** Only Redis knows of it, and the instance that holds it in memory. */
async function reserve(couponId: number): Promise<Reservation> {
  const userId = newUserId();
  const [sequenceNumber] = (await other.get(AdmissionStore).reserve(couponId, [userId])) as [number];
  return { userId, sequenceNumber };
}

async function decideAtOne(couponId: number, reservations: readonly Reservation[]): Promise<void> {
  await one.get(CouponIssuer).issue(couponId, reservations, new AbortController().signal);
}

async function pendingOf(couponId: number): Promise<number> {
  return (await other.get(RedisCouponStore).inspect(couponId)).pending;
}

async function cutOff(): Promise<void> {
  await proxy.refuse();
  await eventually(() => expect(runIdOf(one.get(RedisConnection))).toBeUndefined());
}

/** What a frozen instance holds in memory while Redis loses it, and another instance rightly rebuilds without it. */
async function rebuiltWithout(couponId: number): Promise<void> {
  const [, , users, , pending] = scriptKeys(couponId);
  await own.redis.del(pending, users);
  await eventually(async () => expect(await other.get(RebuildService).load(couponId)).toBe(true));
}

describe('a decision that Redis cannot be told', () => {
  it('is told when Redis can be reached again, over another connection, without a sweep', async () => {
    const couponId = await loadedCoupon(2);
    const issued = await reserve(couponId);
    const failed = await reserve(couponId);
    await own.database.change('UPDATE coupons SET total_quantity = 1 WHERE id = ?', [couponId]);
    await cutOff();
    try {
      await decideAtOne(couponId, [issued]);
      await decideAtOne(couponId, [failed]);
      expect(await pendingOf(couponId)).toBe(2);
    } finally {
      await proxy.accept();
    }
    await eventually(async () => expect(await pendingOf(couponId)).toBe(0));
    expect(await other.get(RedisCouponStore).inspect(couponId)).toMatchObject({ reserved: 1, users: 1 });
    expect(await outcomeOf(other.get(ReservationService).reserve(couponId, issued.userId))).toBe('ALREADY_ISSUED');
  });

  it('is told a Redis that answered too late, and twice changes nothing', async () => {
    const couponId = await loadedCoupon(5);
    const reservation = await reserve(couponId);
    proxy.stall();
    try {
      await decideAtOne(couponId, [reservation]);
    } finally {
      proxy.resume();
    }
    await eventually(async () => expect(await pendingOf(couponId)).toBe(0));
    expect(await other.get(RedisCouponStore).inspect(couponId)).toMatchObject({ loaded: true, reserved: 1, users: 1 });
  });

  it('of a reservation that a rebuild did not know: its holder is not admitted again', async () => {
    const couponId = await loadedCoupon(5);
    const reservation = await reserve(couponId);
    await rebuiltWithout(couponId);
    await cutOff();
    try {
      await decideAtOne(couponId, [reservation]);
    } finally {
      await proxy.accept();
    }
    await eventually(async () =>
      expect(await other.get(RedisCouponStore).inspect(couponId)).toMatchObject({ users: 1, reserved: 1 }),
    );
    expect(await outcomeOf(other.get(ReservationService).reserve(couponId, reservation.userId))).toBe('ALREADY_ISSUED');
  });

  it('by a process that ends before it could: the next sweep of another one finds the row, though the counts agree', async () => {
    const couponId = await loadedCoupon(5);
    const reservation = await reserve(couponId);
    await rebuiltWithout(couponId);
    // In its place someone has taken a slot that leaks: 1 user, 1 row.
    const leaked = await reserve(couponId);
    await own.redis.zrem(scriptKeys(couponId)[4], String(leaked.userId));
    const dying = await Instance.open({
      servers: { ...own.servers, redisUrl: proxy.url },
      env: { LOG_LEVEL: 'fatal', REDIS_COMMAND_TIMEOUT_MS: '250' },
    });
    await proxy.refuse();
    try {
      await dying.get(CouponIssuer).issue(couponId, [reservation], new AbortController().signal);
      await dying.close();
    } finally {
      await proxy.accept();
    }
    for (let sweeps = 0; sweeps < 3; sweeps += 1) await other.get(SweepService).sweepAll();
    expect(await other.get(AuditService).audit(couponId)).toMatchObject({ violations: [] });
    expect(await outcomeOf(other.get(ReservationService).reserve(couponId, reservation.userId))).toBe('ALREADY_ISSUED');
  });
});
