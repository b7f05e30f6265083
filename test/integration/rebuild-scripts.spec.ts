import { beforeAll, describe, expect, it } from '@jest/globals';
import { scriptKeys, reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { NOT_LOADED_CAUSES, ReservationRedis } from '../support/reservation-redis.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

const MINE = 'my-token';
const THEIRS = 'their-token';

let redis: ReservationRedis;

beforeAll(async () => {
  redis = await ReservationRedis.open();
});

/** A coupon with one confirmed and one pending user. */
async function withHolders() {
  const couponId = await redis.load({ capacity: 10 });
  const [confirmed, pending] = newUserIds(2) as [number, number];
  await redis.reserve(couponId, confirmed);
  await redis.reserve(couponId, pending);
  await redis.settlement.confirm(couponId, [{ userId: confirmed, sequenceNumber: 1 }]);
  return { couponId, confirmed, pending };
}

interface Swap {
  readonly token?: string;
  /** As many as were added, unless told otherwise. */
  readonly users?: number;
  readonly epoch?: number;
  readonly sequenceBase?: number;
}

async function swap(couponId: number, { token = MINE, users, epoch = 2, sequenceBase = 0 }: Swap = {}) {
  return await redis.rebuilds.swapRebuilt(redis.definition({ couponId, capacity: 10 }), token, {
    users: users ?? (await redis.raw.scard(keys.rebuildUsers(couponId))),
    epoch,
    sequenceBase,
  });
}

/** Another server with everything that this one holds: as after a fail-over that lost nothing. */
async function failOver(couponId: number): Promise<void> {
  const lock = await redis.raw.get(keys.rebuildLock(couponId));
  const [token] = (lock ?? '').split('@');
  await redis.raw.set(keys.rebuildLock(couponId), `${token}@${'f'.repeat(40)}:${'f'.repeat(40)}`, 'KEEPTTL');
}

async function end(couponId: number, token: string): Promise<number> {
  const lock = keys.rebuildLock(couponId);
  return await redis.connection.ask(lock, (client) => client.endRebuild(lock, keys.rebuildUsers(couponId), token));
}

describe('begin', () => {
  it('closes the coupon, and takes nothing but its state', async () => {
    const { couponId } = await withHolders();
    const { state: _state, ...others } = await redis.dump(couponId);
    expect(await redis.rebuilds.beginRebuild(couponId, MINE)).toEqual({ number: 2, isCertain: true });
    const value = expect.stringMatching(/^my-token@\w{40}:\w{40}$/);
    expect(await redis.dump(couponId)).toEqual({ ...others, 'rebuild-lock': { value, expires: true } });
    expect(await redis.reserve(couponId, newUserId())).toBe('NOT_LOADED');
  });

  it('is refused while another rebuild holds the lock, and changes nothing', async () => {
    const { couponId } = await withHolders();
    await redis.rebuilds.beginRebuild(couponId, THEIRS);
    await redis.rebuilds.addRebuiltUsers(couponId, THEIRS, [1]);
    expect(await redis.withoutEffect(couponId, () => redis.rebuilds.beginRebuild(couponId, MINE))).toBe('BUSY');
  });

  it.each(NOT_LOADED_CAUSES)(
    'is not certain of the sequence, unless only the counts differ, when %s',
    async (cause, plant) => {
      const { couponId } = await withHolders();
      await plant(redis, couponId);
      const isCertain = /not counted|nobody holds/.test(cause);
      expect(await redis.rebuilds.beginRebuild(couponId, MINE)).toEqual({ number: 2, isCertain });
      await redis.rebuilds.addRebuiltUsers(couponId, MINE, [1]);
      expect(await swap(couponId, { sequenceBase: 2 })).toBe(true);
      expect(await redis.slots(couponId)).toMatchObject({ loaded: true });
    },
  );

  it('is not certain of a sequence that is below a number which this instance has seen', async () => {
    const { couponId } = await withHolders();
    await redis.raw.set(keys.sequence(couponId), 1);
    expect(await redis.reserve(couponId, newUserId())).toBe('NOT_LOADED');
    expect(await redis.rebuilds.beginRebuild(couponId, MINE, { unlessLoaded: true })).toEqual({
      number: 2,
      isCertain: false,
    });
  });

  it('takes over the lock of a rebuild that a fail-over has cut off, and not that of one that goes on', async () => {
    const { couponId } = await withHolders();
    await redis.rebuilds.beginRebuild(couponId, THEIRS);
    expect(await redis.rebuilds.beginRebuild(couponId, MINE)).toBe('BUSY');
    await failOver(couponId);
    expect(await redis.rebuilds.beginRebuild(couponId, MINE)).toMatchObject({ isCertain: false });
    expect(await redis.rebuilds.addRebuiltUsers(couponId, THEIRS, [1])).toBe(false);
  });

  it('throws away what a rebuild that died has collected', async () => {
    const { couponId, confirmed } = await withHolders();
    await redis.rebuilds.beginRebuild(couponId, THEIRS);
    await redis.rebuilds.addRebuiltUsers(couponId, THEIRS, newUserIds(3));
    await redis.raw.del(keys.rebuildLock(couponId)); // as if it had expired, a moment before the users do
    await redis.rebuilds.beginRebuild(couponId, MINE);
    await redis.rebuilds.addRebuiltUsers(couponId, MINE, [confirmed]);
    expect(await swap(couponId, { sequenceBase: 2 })).toBe(true);
    expect(await redis.slots(couponId)).toMatchObject({ loaded: true, reserved: 2 });
  });
});

describe('add', () => {
  it('collects users over several calls, without opening the coupon', async () => {
    const { couponId } = await withHolders();
    await redis.rebuilds.beginRebuild(couponId, MINE);
    const userIds = newUserIds(12_000);
    expect(await redis.rebuilds.addRebuiltUsers(couponId, MINE, userIds.slice(0, 11_000))).toBe(true);
    expect(await redis.rebuilds.addRebuiltUsers(couponId, MINE, userIds.slice(11_000))).toBe(true);
    expect(await redis.raw.scard(keys.rebuildUsers(couponId))).toBe(12_000);
    expect(await redis.reserve(couponId, newUserId())).toBe('NOT_LOADED');
  });

  it('keeps what it collects no longer than the lock, and both alive while the lock is renewed', async () => {
    const { couponId } = await withHolders();
    await redis.rebuilds.beginRebuild(couponId, MINE);
    await redis.rebuilds.addRebuiltUsers(couponId, MINE, [1]);
    for (const key of [keys.rebuildLock(couponId), keys.rebuildUsers(couponId)]) {
      expect(await redis.raw.pttl(key)).toBeGreaterThan(0);
      await redis.raw.pexpire(key, 1000);
    }
    expect(await redis.rebuilds.renewLock(couponId, THEIRS)).toBe(false);
    expect(await redis.rebuilds.renewLock(couponId, MINE)).toBe(true);
    expect(await redis.raw.pttl(keys.rebuildLock(couponId))).toBeGreaterThan(1000);
    expect(await redis.raw.pttl(keys.rebuildUsers(couponId))).toBeGreaterThan(1000);
  });

  it.each([
    ['to someone else', THEIRS],
    ['to no one', undefined],
  ])('changes nothing when the lock belongs %s', async (_whose, owner) => {
    const { couponId } = await withHolders();
    if (owner !== undefined) await redis.rebuilds.beginRebuild(couponId, owner);
    expect(await redis.withoutEffect(couponId, () => redis.rebuilds.addRebuiltUsers(couponId, MINE, [1, 2]))).toBe(
      false,
    );
  });
});

describe('swap', () => {
  it('opens the coupon with the users who have a row and those who are pending, and counts them', async () => {
    const { couponId, confirmed, pending } = await withHolders();
    await redis.rebuilds.beginRebuild(couponId, MINE);
    const another = newUserId();
    await redis.rebuilds.addRebuiltUsers(couponId, MINE, [confirmed, another]);
    expect(await swap(couponId, { epoch: 7 })).toBe(true);
    expect(await redis.slots(couponId)).toEqual({
      loaded: true,
      reserved: 3,
      users: [confirmed, pending, another],
      sequence: 2,
      pending: [{ userId: pending, sequenceNumber: 2 }],
    });
    expect((await redis.coupons.inspect(couponId)).epoch).toBe(7);
    expect(await end(couponId, MINE)).toBe(1);
    expect(Object.values(await redis.dump(couponId)).filter(({ expires }) => expires)).toEqual([]);
    expect(await redis.reserve(couponId, newUserId())).toBe(3);
  });

  it('forgets slots of users with neither a row nor a pending entry', async () => {
    const { couponId, pending } = await withHolders();
    await redis.rebuilds.beginRebuild(couponId, MINE);
    await swap(couponId);
    expect(await redis.slots(couponId)).toMatchObject({ loaded: true, reserved: 1, users: [pending] });
  });

  it('opens a coupon that nobody holds', async () => {
    const couponId = newUserId();
    await redis.rebuilds.beginRebuild(couponId, MINE);
    expect(await swap(couponId)).toBe(true);
    await end(couponId, MINE);
    expect(await redis.slots(couponId)).toEqual({ loaded: true, reserved: 0, users: [], sequence: 0, pending: [] });
    await redis.raw.del(...scriptKeys(couponId));
  });

  it('takes every pending user, also more than a page of them', async () => {
    const couponId = await redis.load();
    const userIds = newUserIds(2500);
    await redis.raw.zadd(keys.pending(couponId), ...userIds.flatMap((userId, index) => [index + 1, userId]));
    await redis.rebuilds.beginRebuild(couponId, MINE);
    await swap(couponId);
    expect(await redis.slots(couponId)).toMatchObject({ loaded: true, reserved: 2500, users: userIds, sequence: 2500 });
  });

  it.each([
    ['the base', { own: 3, lastPending: 5, sequenceBase: 1000, expected: 1000 }],
    ['its own value', { own: 2000, lastPending: 5, sequenceBase: 1000, expected: 2000 }],
    ['the last pending number', { own: 3, lastPending: 3000, sequenceBase: 1000, expected: 3000 }],
    [
      'the base, when there is nothing else',
      { own: undefined, lastPending: undefined, sequenceBase: 1000, expected: 1000 },
    ],
    ['a number that needs more than 32 bits', { own: 1, lastPending: 1, sequenceBase: 2 ** 52, expected: 2 ** 52 }],
  ])('lets the sequence go on above the greatest: %s', async (_which, { own, lastPending, sequenceBase, expected }) => {
    const { couponId, pending } = await withHolders();
    await redis.raw.del(keys.sequence(couponId), keys.pending(couponId));
    if (own !== undefined) await redis.raw.set(keys.sequence(couponId), own);
    if (lastPending !== undefined) await redis.raw.zadd(keys.pending(couponId), lastPending, pending);
    await redis.rebuilds.beginRebuild(couponId, MINE);
    await swap(couponId, { sequenceBase });
    expect(await redis.reserve(couponId, newUserId())).toBe(expected + 1);
  });

  it.each([
    ['to someone else', THEIRS],
    ['to no one', undefined],
  ])('changes nothing when the lock belongs %s', async (_whose, owner) => {
    const { couponId } = await withHolders();
    if (owner !== undefined) await redis.rebuilds.beginRebuild(couponId, owner);
    expect(await redis.withoutEffect(couponId, () => swap(couponId, { sequenceBase: 99 }))).toBe(false);
  });

  it('changes nothing when some of the users that were added are missing', async () => {
    const { couponId } = await withHolders();
    await redis.rebuilds.beginRebuild(couponId, MINE);
    await redis.rebuilds.addRebuiltUsers(couponId, MINE, [1, 2]);
    expect(await redis.withoutEffect(couponId, () => swap(couponId, { users: 3 }))).toBe(false);
    expect(await swap(couponId, { users: 2 })).toBe(true);
  });

  it('changes nothing on a server other than the one where the rebuild began, and neither does any other step', async () => {
    const { couponId } = await withHolders();
    await redis.rebuilds.beginRebuild(couponId, MINE);
    await redis.rebuilds.addRebuiltUsers(couponId, MINE, [1]);
    await failOver(couponId);
    expect(await redis.withoutEffect(couponId, () => swap(couponId))).toBe(false);
    expect(await redis.withoutEffect(couponId, () => redis.rebuilds.addRebuiltUsers(couponId, MINE, [2]))).toBe(false);
    expect(await redis.withoutEffect(couponId, () => redis.rebuilds.renewLock(couponId, MINE))).toBe(false);
    expect(await redis.withoutEffect(couponId, () => end(couponId, MINE))).toBe(0);
  });
});

describe('end', () => {
  it('gives back the lock and what was collected; a coupon that was not swapped stays closed', async () => {
    const { couponId } = await withHolders();
    const { state: _state, ...others } = await redis.dump(couponId);
    await redis.rebuilds.beginRebuild(couponId, MINE);
    await redis.rebuilds.addRebuiltUsers(couponId, MINE, [1]);
    expect(await end(couponId, MINE)).toBe(1);
    expect(await redis.dump(couponId)).toEqual(others);
  });

  it('changes nothing for someone else’s lock, nor the second time', async () => {
    const { couponId } = await withHolders();
    await redis.rebuilds.beginRebuild(couponId, THEIRS);
    expect(await redis.withoutEffect(couponId, () => end(couponId, MINE))).toBe(0);
    await end(couponId, THEIRS);
    expect(await redis.withoutEffect(couponId, () => end(couponId, THEIRS))).toBe(0);
  });
});

describe('inspect', () => {
  it('reads all of it, and changes nothing', async () => {
    const { couponId } = await withHolders();
    const definition = await redis.definitions.definition(couponId);
    const keysOf = await redis.withoutEffect(couponId, () => redis.coupons.inspect(couponId));
    expect(keysOf).toEqual({ loaded: true, reserved: 2, users: 2, sequence: 2, pending: 1, epoch: 1, definition });
  });

  it.each(NOT_LOADED_CAUSES)('says not loaded when %s', async (_cause, plant) => {
    const { couponId } = await withHolders();
    await plant(redis, couponId);
    expect(await redis.withoutEffect(couponId, () => redis.coupons.inspect(couponId))).toMatchObject({ loaded: false });
  });

  it('tells a missing counter from one that is zero', async () => {
    const { couponId } = await withHolders();
    await redis.raw.del(...scriptKeys(couponId));
    expect(await redis.coupons.inspect(couponId)).toEqual({
      loaded: false,
      reserved: undefined,
      users: 0,
      sequence: undefined,
      pending: 0,
      epoch: undefined,
      definition: undefined,
    });
  });
});

describe('forget', () => {
  it('deletes every key of a coupon of which nothing is pending', async () => {
    const { couponId, pending } = await withHolders();
    await redis.settlement.confirm(couponId, [{ userId: pending, sequenceNumber: 2 }]);
    expect(await redis.coupons.forget(couponId)).toBe(true);
    expect(await redis.dump(couponId)).toEqual({});
    expect(await redis.coupons.forget(couponId)).toBe(true);
  });

  it('changes nothing while something is pending', async () => {
    const { couponId } = await withHolders();
    expect(await redis.withoutEffect(couponId, () => redis.coupons.forget(couponId))).toBe(false);
  });
});
