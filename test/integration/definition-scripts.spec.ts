import { beforeAll, describe, expect, it } from '@jest/globals';
import type { CouponDefinition } from '../../src/coupon/reservation/coupon-definition.js';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { NOT_LOADED_CAUSES, ReservationRedis } from '../support/reservation-redis.js';
import { newUserIds } from '../support/unique-ids.js';

let redis: ReservationRedis;

beforeAll(async () => {
  redis = await ReservationRedis.open();
});

/** A coupon with a total of 5 and so many slots held, in version 4. */
async function withHolders(held: number): Promise<CouponDefinition> {
  const couponId = await redis.load({ capacity: 5, version: 4 });
  for (const userId of newUserIds(held)) await redis.reserve(couponId, userId);
  return (await redis.definitions.definition(couponId)) as CouponDefinition;
}

describe('publish', () => {
  it('replaces every field of an older definition, and neither the epoch nor the server', async () => {
    const { couponId, version } = await withHolders(1);
    const before = await redis.raw.hgetall(keys.state(couponId));
    const newer = redis.definition({
      couponId,
      name: '새 이름',
      capacity: 9,
      startsAt: 1_000,
      expiresAt: 2_000,
      isActive: false,
      audience: 'registered',
      codeFormat: 'hangul',
      entry: 'ticket',
      entryOpensAt: 500,
      entrySpreadSeconds: 0,
      challenge: 'turnstile',
      version: version + 1,
    });
    expect(await redis.definitions.publish(newer)).toBe('PUBLISHED');
    expect(await redis.definitions.definition(couponId)).toEqual(newer);
    const { epoch, server } = before;
    expect(await redis.raw.hgetall(keys.state(couponId))).toMatchObject({ epoch, server });
    expect(await redis.slots(couponId)).toMatchObject({ loaded: true, reserved: 1, sequence: 1 });
  });

  it.each([
    ['the same', 0],
    ['an older', -1],
  ])('changes nothing for %s version', async (_which, difference) => {
    const { couponId, version } = await withHolders(1);
    const definition = redis.definition({ couponId, capacity: 9, version: version + difference });
    expect(await redis.withoutEffect(couponId, () => redis.definitions.publish(definition))).toBe('NOT_NEWER');
  });

  it('compares versions as numbers: 10 is newer than 9', async () => {
    const couponId = await redis.load({ version: 9 });
    expect(await redis.definitions.publish(redis.definition({ couponId, version: 10 }))).toBe('PUBLISHED');
  });

  it('does not open a coupon without a state', async () => {
    const { couponId } = await withHolders(1);
    await redis.raw.del(keys.state(couponId));
    const definition = redis.definition({ couponId, version: 99 });
    expect(await redis.withoutEffect(couponId, () => redis.definitions.publish(definition))).toBe('NOT_LOADED');
  });
});

describe('lower', () => {
  it.each([2, 3, 4])('to %i with 2 slots held writes the definition', async (capacity) => {
    const { couponId, ...definition } = await withHolders(2);
    const lowered = { couponId, ...definition, capacity, version: definition.version + 1 };
    expect(await redis.definitions.lower(lowered)).toBe('LOWERED');
    expect(await redis.definitions.definition(couponId)).toEqual(lowered);
    expect(await redis.slots(couponId)).toMatchObject({ loaded: true, reserved: 2, sequence: 2 });
  });

  it.each([0, 1])('to %i with 2 slots held changes nothing and says how many are held', async (capacity) => {
    const { couponId, ...definition } = await withHolders(2);
    const lowered = { couponId, ...definition, capacity, version: definition.version + 1 };
    expect(await redis.withoutEffect(couponId, () => redis.definitions.lower(lowered))).toEqual({ reserved: 2 });
  });

  it.each([
    ['the same', 0],
    ['an older', -1],
  ])('changes nothing for %s version, whatever is held', async (_which, difference) => {
    const { couponId, version, ...definition } = await withHolders(2);
    for (const capacity of [1, 4]) {
      const lowered = { couponId, ...definition, capacity, version: version + difference };
      expect(await redis.withoutEffect(couponId, () => redis.definitions.lower(lowered))).toBe('NOT_NEWER');
    }
  });

  it('compares versions as numbers: 10 is newer than 9', async () => {
    const couponId = await redis.load({ capacity: 5, version: 9 });
    expect(await redis.definitions.lower(redis.definition({ couponId, capacity: 4, version: 10 }))).toBe('LOWERED');
  });

  it.each(NOT_LOADED_CAUSES)('changes nothing while the coupon is not loaded: %s', async (_cause, plant) => {
    const definition = await withHolders(2);
    await plant(redis, definition.couponId);
    const lowered = { ...definition, capacity: 4, version: definition.version + 1 };
    expect(await redis.withoutEffect(definition.couponId, () => redis.definitions.lower(lowered))).toBe('NOT_LOADED');
  });

  it('closes the coupon for those who ask afterwards, and raising it opens it again', async () => {
    const definition = await withHolders(2);
    const { couponId, version } = definition;
    const [first, second] = newUserIds(2) as [number, number];
    await redis.definitions.lower({ ...definition, capacity: 2, version: version + 1 });
    expect(await redis.reserve(couponId, first)).toBe('SOLD_OUT');
    await redis.definitions.publish({ ...definition, capacity: 3, version: version + 2 });
    expect(await redis.reserve(couponId, first)).toBe(3);
    expect(await redis.reserve(couponId, second)).toBe('SOLD_OUT');
  });
});
