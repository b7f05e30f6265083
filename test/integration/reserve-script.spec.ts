import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { CouponDefinition } from '../../src/coupon/reservation/coupon-definition.js';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { inParallel } from '../support/in-parallel.js';
import { numbersTo } from '../support/numbers-to.js';
import { NOT_LOADED_CAUSES, ReservationRedis } from '../support/reservation-redis.js';
import { countEach } from '../support/tally.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

const DAY_MS = 86_400_000;

let redis: ReservationRedis;
let other: ReservationRedis;

beforeAll(async () => {
  redis = await ReservationRedis.open();
  other = await ReservationRedis.open();
});

afterEach(() => {
  jest.restoreAllMocks();
});

async function redisNow(): Promise<number> {
  const [seconds, microseconds] = await redis.raw.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

/** Asks for a slot that must be refused, and asserts that no key has changed. */
async function refusal(couponId: number, userId: number, options?: { ignoreWindow: boolean }): Promise<unknown> {
  return await redis.withoutEffect(couponId, () => redis.reserve(couponId, userId, options));
}

describe('a slot', () => {
  it('is counted, held, numbered and pending, all at once', async () => {
    const couponId = await redis.load();
    const [first, second] = newUserIds(2) as [number, number];
    expect(await redis.reserve(couponId, first)).toBe(1);
    expect(await redis.reserve(couponId, second)).toBe(2);
    expect(await redis.slots(couponId)).toEqual({
      loaded: true,
      reserved: 2,
      users: [first, second],
      sequence: 2,
      pending: [
        { userId: first, sequenceNumber: 1 },
        { userId: second, sequenceNumber: 2 },
      ],
    });
  });

  it('lives in keys that never expire', async () => {
    const couponId = await redis.load();
    await redis.reserve(couponId, newUserId());
    const dump = await redis.dump(couponId);
    expect(Object.keys(dump)).toEqual(['pending', 'reserved', 'sequence', 'state', 'users']);
    expect(Object.values(dump).map(({ expires }) => expires)).toEqual([false, false, false, false, false]);
  });

  it('is decided for each user of one call in the order given', async () => {
    const couponId = await redis.load({ capacity: 3 });
    const [holder, first, second, third] = newUserIds(4) as [number, number, number, number];
    await redis.reserve(couponId, holder);
    const answers = await redis.admission.reserve(couponId, [first, first, holder, second, third, first]);
    expect(answers).toEqual([2, 'ALREADY_RESERVED', 'ALREADY_RESERVED', 3, 'SOLD_OUT', 'ALREADY_RESERVED']);
    expect(await redis.slots(couponId)).toMatchObject({ reserved: 3, sequence: 3, users: [holder, first, second] });
  });

  it('goes once to a user who asks 100 times at once, of two processes', async () => {
    const couponId = await redis.load({ capacity: 100 });
    const userId = newUserId();
    const asks = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? redis : other));
    const answers = await inParallel(asks, (each) => each.reserve(couponId, userId));
    expect(countEach(answers.map(String))).toEqual({ 1: 1, ALREADY_RESERVED: 99 });
    expect(await redis.slots(couponId)).toMatchObject({ reserved: 1, users: [userId], sequence: 1 });
  });

  it('goes to as many of 1,000 users as there are, under numbers without a gap', async () => {
    const couponId = await redis.load({ capacity: 500 });
    const answers = await inParallel(newUserIds(1000), (userId, index) =>
      (index % 2 === 0 ? redis : other).reserve(couponId, userId),
    );
    const numbers = answers.filter((answer) => typeof answer === 'number').sort((a, b) => a - b);
    expect(numbers).toEqual(numbersTo(500));
    expect(answers.filter((answer) => answer === 'SOLD_OUT').length).toBe(500);
    expect(await redis.slots(couponId)).toMatchObject({ loaded: true, reserved: 500, sequence: 500 });
  });
});

describe('a refusal changes nothing', () => {
  it.each(NOT_LOADED_CAUSES)('NOT_LOADED: %s', async (_cause, plant) => {
    const couponId = await redis.load();
    const holder = newUserId();
    await redis.reserve(couponId, holder);
    await plant(redis, couponId);
    expect(await refusal(couponId, newUserId())).toBe('NOT_LOADED');
    expect(await refusal(couponId, holder)).toBe('NOT_LOADED');
    expect(await refusal(couponId, newUserId(), { ignoreWindow: true })).toBe('NOT_LOADED');
  });

  it('NOT_LOADED: a coupon that Redis has never heard of', async () => {
    expect(await refusal(newUserId(), newUserId())).toBe('NOT_LOADED');
  });

  it('a coupon of which nobody is pending or holds a slot is loaded although those keys do not exist', async () => {
    const couponId = await redis.load();
    expect(Object.keys(await redis.dump(couponId))).toEqual(['reserved', 'sequence', 'state']);
    expect(await redis.reserve(couponId, newUserId())).toBe(1);
  });

  it.each<[string, Partial<CouponDefinition>]>([
    ['INACTIVE', { isActive: false }],
    ['NOT_STARTED', { startsAt: Date.now() + DAY_MS, expiresAt: Date.now() + 2 * DAY_MS }],
    ['EXPIRED', { expiresAt: Date.now() - 1000 }],
  ])('%s, unless a failure is tried again', async (expected, definition) => {
    const couponId = await redis.load(definition);
    expect(await refusal(couponId, newUserId())).toBe(expected);
    expect(await redis.reserve(couponId, newUserId(), { ignoreWindow: true })).toBe(1);
  });

  it('ALREADY_RESERVED to a holder, pending or confirmed, also when the coupon is sold out', async () => {
    const couponId = await redis.load({ capacity: 2 });
    const [first, second] = newUserIds(2) as [number, number];
    await redis.reserve(couponId, first);
    expect(await refusal(couponId, first)).toBe('ALREADY_RESERVED');
    await redis.settlement.confirm(couponId, [{ userId: first, sequenceNumber: 1 }]);
    await redis.reserve(couponId, second);
    expect(await refusal(couponId, first)).toBe('ALREADY_RESERVED');
    expect(await refusal(couponId, second, { ignoreWindow: true })).toBe('ALREADY_RESERVED');
  });

  it.each([1, 2])('SOLD_OUT when 2 slots are held of a total of %i', async (capacity) => {
    const couponId = await redis.load({ capacity: 2 });
    for (const userId of newUserIds(2)) await redis.reserve(couponId, userId);
    await redis.raw.hset(keys.state(couponId), 'total', capacity);
    expect(await refusal(couponId, newUserId())).toBe('SOLD_OUT');
    expect(await refusal(couponId, newUserId(), { ignoreWindow: true })).toBe('SOLD_OUT');
  });

  it('comes in the order of the API', async () => {
    const couponId = await redis.load({ capacity: 1 });
    const state = keys.state(couponId);
    const holder = newUserId();
    await redis.reserve(couponId, holder);
    expect(await refusal(couponId, newUserId())).toBe('SOLD_OUT');
    expect(await refusal(couponId, holder)).toBe('ALREADY_RESERVED');
    await redis.raw.hset(state, 'expiresAt', Date.now() - 1000);
    expect(await refusal(couponId, holder)).toBe('EXPIRED');
    await redis.raw.hset(state, 'startsAt', Date.now() + DAY_MS);
    expect(await refusal(couponId, holder)).toBe('NOT_STARTED');
    await redis.raw.hset(state, 'active', '0');
    expect(await refusal(couponId, holder)).toBe('INACTIVE');
    await redis.raw.hset(state, 'server', 'another');
    expect(await refusal(couponId, holder)).toBe('NOT_LOADED');
  });
});

describe('the window', () => {
  it('is open from startsAt on and over from expiresAt on, by the clock of Redis', async () => {
    const couponId = await redis.load({ startsAt: await redisNow() });
    expect(await redis.reserve(couponId, newUserId())).toBe(1);
    await redis.raw.hset(keys.state(couponId), 'expiresAt', await redisNow());
    expect(await refusal(couponId, newUserId())).toBe('EXPIRED');
  });

  it.each([-2, 2])('does not care for the clock of a process that is off by %i days', async (days) => {
    const couponId = await redis.load();
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now + days * DAY_MS);
    expect(await redis.reserve(couponId, newUserId())).toBe(1);
  });
});
