import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { AuditService } from '../../src/coupon/audit/audit.service.js';
import { IssuanceQueue } from '../../src/coupon/issuance/issuance-queue.service.js';
import { SweepService } from '../../src/coupon/issuance/sweep.service.js';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { RebuildStore } from '../../src/coupon/reservation/rebuild.store.js';
import { RedisCouponStore } from '../../src/coupon/reservation/redis-coupon.store.js';
import { SeenNumbers } from '../../src/coupon/reservation/seen-numbers.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import type { Instance } from '../support/instance.js';
import { inParallel } from '../support/in-parallel.js';
import { outcomeOf } from '../support/outcome.js';
import { eventually } from '../support/poll.js';
import { openRedis } from '../support/redis.js';
import { startPrivateRedis } from '../support/servers.js';
import { openTwoInstances, type TwoInstances } from '../support/two-instances.js';
import { newUserIds } from '../support/unique-ids.js';

/**
 * The same Redis process goes back in time: it follows a server that is behind, and then no one any more. Its run_id
 * stays, all keys are there, and every set agrees with its counter.
 */

let world: TwoInstances;
/** A second server, that holds what the first one held at some time. */
let past: Redis;
let pastPort: string;

beforeAll(async () => {
  // It goes back between two looks at its role, so that only its identity tells.
  world = await openTwoInstances('goes_back', { METRICS_PROBE_INTERVAL_MS: '60000' });
  const server = await startPrivateRedis();
  past = openRedis(server.url);
  pastPort = new URL(server.url).port;
  // A replica need not wait for others that might want the same copy.
  for (const redis of [world.redis, past]) await redis.config('SET', 'repl-diskless-sync-delay', '0');
});

afterEach(() => {
  jest.restoreAllMocks();
});

async function isInSync(replica: Redis): Promise<void> {
  await eventually(async () => expect(await replica.info('replication')).toMatch(/master_link_status:up/));
}

/** Keeps what Redis holds now. */
async function rememberPast(): Promise<void> {
  await past.replicaof('127.0.0.1', new URL(world.servers.redisUrl).port);
  await isInSync(past);
  await past.replicaof('NO', 'ONE');
}

/** Redis holds again what it held at {@link rememberPast}. */
async function goBack(): Promise<void> {
  await world.redis.replicaof('127.0.0.1', pastPort);
  await isInSync(world.redis);
  await world.redis.replicaof('NO', 'ONE');
}

async function runIdOf(redis: Redis): Promise<string | undefined> {
  return /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1];
}

/** Reserves for new users; who was told a number, and which. */
async function reserve(instance: Instance, couponId: number, users: number): Promise<Map<number, number>> {
  const service = instance.get(ReservationService);
  const told = await inParallel(newUserIds(users), async (userId) => {
    const { sequenceNumber } = await service.reserve(couponId, userId);
    return [userId, sequenceNumber] as const;
  });
  return new Map(told);
}

/** Until whoever asks is told something else than to try again. */
async function opensAgain(instance: Instance, couponId: number): Promise<void> {
  await eventually(async () => expect(await instance.get(RebuildService).load(couponId)).toBe(true));
}

/** As an instance that was just started: what Redis calls itself is all that it can go by. */
function forgetSeenNumbers(): void {
  for (const instance of [world.one, world.other])
    jest.spyOn(instance.get(SeenNumbers), 'greatestOf').mockReturnValue(0);
}

async function whenIssued(couponId: number, rows: number): Promise<void> {
  await eventually(async () => expect(await world.database.userCoupons(couponId)).toHaveLength(rows));
}

describe('a Redis that has gone back in time under its own name', () => {
  it.each([
    ['instances that have seen its numbers', () => undefined],
    ['instances that have just started', forgetSeenNumbers],
  ])('gives no number twice to %s, and issues everyone who was told one', async (_who, arrange) => {
    arrange();
    const couponId = await world.one.createCoupon(200);
    await opensAgain(world.one, couponId);
    const told = await reserve(world.one, couponId, 20);
    await whenIssued(couponId, 20);
    await rememberPast();
    // It has had its first replica.
    await opensAgain(world.one, couponId);
    const runId = await runIdOf(world.redis);
    for (const [userId, number] of await reserve(world.one, couponId, 20)) told.set(userId, number);
    await whenIssued(couponId, 40);
    await goBack();
    expect(await runIdOf(world.redis)).toBe(runId);

    for (const instance of [world.other, world.one]) {
      const [holder] = [...told.keys()].slice(-1) as [number];
      await eventually(async () =>
        expect(await outcomeOf(instance.get(ReservationService).reserve(couponId, holder))).toBe('ALREADY_ISSUED'),
      );
      for (const [userId, number] of await reserve(instance, couponId, 20)) told.set(userId, number);
    }
    await whenIssued(couponId, 80);
    expect(new Set(told.values()).size).toBe(80);
    const rows = await world.database.userCoupons(couponId);
    expect(new Map(rows.map(({ userId, sequenceNumber }) => [userId, sequenceNumber]))).toEqual(told);
    expect(await world.database.couponCounts(couponId)).toMatchObject({ failedQuantity: 0 });
    await eventually(async () =>
      expect(await world.one.get(AuditService).audit(couponId)).toMatchObject({ violations: [] }),
    );
  });

  it('is not trusted in the middle of a rebuild, of which it kept the beginning', async () => {
    const couponId = await world.one.createCoupon(100);
    await opensAgain(world.one, couponId);
    await reserve(world.one, couponId, 30);
    await whenIssued(couponId, 30);
    const store = world.one.get(RebuildStore);
    const rows = await world.database.userCoupons(couponId);
    const userIds = rows.map(({ userId }) => userId);
    await store.beginRebuild(couponId, 'mine');
    expect(await store.addRebuiltUsers(couponId, 'mine', userIds.slice(0, 10))).toBe(true);
    await rememberPast();
    expect(await store.addRebuiltUsers(couponId, 'mine', userIds.slice(10, 20))).toBe(true);
    await goBack();

    // It may have said meanwhile that it was loading, and have been left.
    await eventually(async () =>
      expect(await world.one.get(RedisCouponStore).inspect(couponId)).toMatchObject({ loaded: false }),
    );
    await eventually(async () => expect(await store.addRebuiltUsers(couponId, 'mine', userIds.slice(20))).toBe(false));
    // Whoever comes next need not wait for the lock of the rebuild that was cut off.
    await opensAgain(world.other, couponId);
    await opensAgain(world.one, couponId);
    expect(await world.one.get(RedisCouponStore).inspect(couponId)).toMatchObject({ loaded: true, users: 30 });
    for (const userId of userIds)
      expect(await outcomeOf(world.one.get(ReservationService).reserve(couponId, userId))).toBe('ALREADY_ISSUED');
  });
});

describe('a healthy Redis that gets its first replica', () => {
  it('has each coupon rebuilt once, and gives no number twice', async () => {
    const couponId = await world.one.createCoupon(100);
    await opensAgain(world.one, couponId);
    const told = await reserve(world.one, couponId, 10);
    await world.redis.config('SET', 'repl-backlog-ttl', '1');
    await past.replicaof('127.0.0.1', new URL(world.servers.redisUrl).port);
    await isInSync(past);
    await opensAgain(world.other, couponId);
    for (const [userId, number] of await reserve(world.other, couponId, 10)) told.set(userId, number);
    const { epoch } = await world.one.get(RedisCouponStore).inspect(couponId);
    for (const instance of [world.one, world.other]) await instance.get(SweepService).sweepAll();
    for (const instance of [world.one, world.other]) await instance.get(SweepService).sweepAll();
    await eventually(() =>
      expect([...told.values()].some((number) => world.one.get(IssuanceQueue).holds(couponId, number))).toBe(false),
    );
    expect(new Set(told.values()).size).toBe(20);
    expect(await world.one.get(RedisCouponStore).inspect(couponId)).toMatchObject({ loaded: true, epoch });
    await past.replicaof('NO', 'ONE');
  });
});
