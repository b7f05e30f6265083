import { beforeAll, describe, expect, it } from '@jest/globals';
import { AdmissionStore } from '../../src/coupon/reservation/admission.store.js';
import { RedisCouponStore } from '../../src/coupon/reservation/redis-coupon.store.js';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import { RedisConnection } from '../../src/platform/redis/redis-connection.js';
import { inParallel } from '../support/in-parallel.js';
import { insertCoupon } from '../support/ledger-coupons.js';
import { deleteKeys, RESERVATION_KEYS } from '../support/planted-faults.js';
import { eventually } from '../support/poll.js';
import { expectConnected, runIdOf } from '../support/redis.js';
import { openTwoInstances, type TwoInstances } from '../support/two-instances.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

const TOTAL = 50;

let world: TwoInstances;

beforeAll(async () => {
  world = await openTwoInstances('sequence');
});

async function load(couponId: number): Promise<void> {
  await eventually(async () => expect(await world.one.get(RebuildService).load(couponId)).toBe(true));
}

async function loadedCoupon(overrides: Record<string, unknown> = {}): Promise<number> {
  const couponId = await insertCoupon(world.dataSource, { total_quantity: TOTAL, ...overrides });
  await load(couponId);
  return couponId;
}

/** Reserves and issues for new users, and returns their numbers. */
async function issue(couponId: number, users: number): Promise<number[]> {
  const service = world.one.get(ReservationService);
  const issued = await inParallel(newUserIds(users), (userId) => service.issue(couponId, userId));
  expect(new Set(issued.map(({ status }) => status))).toEqual(new Set(['ISSUED']));
  return issued.map(({ sequenceNumber }) => sequenceNumber);
}

/** Reserves for new users of whom only Redis knows, as when the process has died right after the script. */
async function reserveOnly(couponId: number, users: number): Promise<number[]> {
  const store = world.one.get(AdmissionStore);
  const answers = await store.reserve(couponId, newUserIds(users));
  return answers.filter((answer) => typeof answer === 'number');
}

async function sequenceOf(couponId: number): Promise<number | undefined> {
  return (await world.one.get(RedisCouponStore).inspect(couponId)).sequence;
}

/** Kills Redis and starts it again with the file it left, or with the copy of an older one. */
async function restartRedis(olderFile?: string): Promise<void> {
  const before = runIdOf(world.one.get(RedisConnection));
  await world.redisServer.kill();
  if (olderFile !== undefined) world.redisServer.restoreFiles(olderFile);
  await world.redisServer.restart();
  for (const instance of [world.one, world.other]) {
    await eventually(() => {
      expectConnected(instance.get(RedisConnection));
      expect(runIdOf(instance.get(RedisConnection))).not.toBe(before);
    });
  }
}

describe('the sequence after a rebuild', () => {
  it('goes on when the server and the counter are the same', async () => {
    const couponId = await loadedCoupon();
    expect(await issue(couponId, 3)).toEqual([1, 2, 3]);
    expect(await reserveOnly(couponId, 2)).toEqual([4, 5]);
    for (const instance of [world.one, world.other]) {
      await instance.get(RebuildService).rebuild(couponId);
      expect(await sequenceOf(couponId)).toBe(5);
    }
    expect(await issue(couponId, 1)).toEqual([6]);
  });

  it.each([
    ['the counter was deleted', (couponId: number) => deleteKeys(world.redis, couponId, 'sequence')],
    [
      'the state was deleted, which says whose counter it is',
      (couponId: number) => deleteKeys(world.redis, couponId, 'state'),
    ],
    ['everything was deleted', async () => void (await world.redis.flushall())],
    ['the server was restarted with its file', () => restartRedis()],
    [
      'the server came back with an older file, as after a fail-over',
      (_couponId: number, older: string) => restartRedis(older),
    ],
  ])('starts above every number that can have been given out when %s', async (_name, lose) => {
    const couponId = await loadedCoupon();
    const given = await issue(couponId, 10);
    const older = world.redisServer.copyFiles();
    given.push(...(await reserveOnly(couponId, 20)));
    await lose(couponId, older);
    await load(couponId);
    const [next] = await issue(couponId, 1);
    expect(next).toBeGreaterThan(Math.max(...given));
    const sql = 'SELECT sequence_base AS base FROM coupons WHERE id = ?';
    const { base } = await world.database.row<{ base: number }>(sql, [couponId]);
    expect(next).toBe(base + 1);
  });

  it('starts at 0 for a coupon of which nothing was ever given out', async () => {
    const neverLoaded = await loadedCoupon();
    expect(await sequenceOf(neverLoaded)).toBe(0);
    expect(await issue(neverLoaded, 1)).toEqual([1]);

    const startsAt = new Date(Date.now() + 30 * 60_000);
    const notOpenYet = await loadedCoupon({ starts_at: startsAt });
    for (let losses = 0; losses < 3; losses += 1) {
      await world.redis.flushall();
      await load(notOpenYet);
      expect(await sequenceOf(notOpenYet)).toBe(0);
    }
  });

  it('never comes back to a number, however often it is lost, and whoever knew the numbers', async () => {
    const couponId = await loadedCoupon({ total_quantity: 400 });
    const given: number[] = [];
    const losses = [
      () => deleteKeys(world.redis, couponId, ...RESERVATION_KEYS),
      () => deleteKeys(world.redis, couponId, 'sequence'),
      () => deleteKeys(world.redis, couponId, 'reserved', 'pending'),
      () => deleteKeys(world.redis, couponId, 'users'),
      () => deleteKeys(world.redis, couponId, 'sequence', 'pending'),
      () => world.other.get(RebuildService).rebuild(couponId),
    ];
    for (let round = 0; round < 3; round += 1) {
      for (const lose of losses) {
        given.push(...(await issue(couponId, 4)), ...(await reserveOnly(couponId, 7)));
        await lose();
        await load(couponId);
      }
    }
    expect(new Set(given).size).toBe(given.length);
    expect(given).toEqual([...given].sort((a, b) => a - b));
    const rows = await world.database.userCoupons(couponId);
    expect(rows).toHaveLength(3 * losses.length * 4);
  });

  it('starts above the numbers of failures too', async () => {
    const couponId = await loadedCoupon();
    await world.database.change(
      `INSERT INTO issuance_failures (coupon_id, user_id, sequence_number, reason, detail, failed_at)
       VALUES (?, ?, 7000, 'SOLD_OUT_IN_LEDGER', 'arranged by a test', NOW(3))`,
      [couponId, newUserId()],
    );
    await world.redis.flushall();
    await load(couponId);
    expect(Math.min(...(await issue(couponId, 1)))).toBeGreaterThan(7000);
  });
});
