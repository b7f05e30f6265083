import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import type { Reservation } from '../../src/coupon/reservation/reservation.js';
import { atEndOfFile } from '../support/cleanup.js';
import { inParallel, shuffled } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { openRedis } from '../support/redis.js';
import { NOT_LOADED_CAUSES, ReservationRedis } from '../support/reservation-redis.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

let redis: ReservationRedis;

beforeAll(async () => {
  redis = await ReservationRedis.open();
});

async function reserve(couponId: number, userId = newUserId()): Promise<Reservation> {
  return { userId, sequenceNumber: Number(await redis.reserve(couponId, userId)) };
}

/** A coupon with a total of 3, and its three pending reservations. */
async function soldOut() {
  const couponId = await redis.load({ capacity: 3 });
  const pending = [await reserve(couponId), await reserve(couponId), await reserve(couponId)] as const;
  return { couponId, pending };
}

/** Every message on the channel of the coupon so far. */
async function listenTo(couponId: number): Promise<string[]> {
  const messages: string[] = [];
  const listener = openRedis(redis.url);
  await listener.ssubscribe(keys.outcomes(couponId));
  listener.on('smessage', (_channel: string, message: string) => messages.push(message));
  return messages;
}

describe('confirm', () => {
  it('takes reservations out of pending, and their users keep their slots', async () => {
    const { couponId, pending } = await soldOut();
    const before = await redis.slots(couponId);
    expect(await redis.settlement.confirm(couponId, pending.slice(0, 2))).toBe(true);
    expect(await redis.slots(couponId)).toEqual({ ...before, pending: [pending[2]] });
  });

  it('changes nothing the second time', async () => {
    const { couponId, pending } = await soldOut();
    await redis.settlement.confirm(couponId, pending);
    expect(await redis.withoutEffect(couponId, () => redis.settlement.confirm(couponId, pending))).toBe(true);
  });

  it('gives a slot back to a user whom Redis has lost, even above the total: the row is what counts', async () => {
    const { couponId, pending } = await soldOut();
    const lost = { userId: newUserId(), sequenceNumber: 9 };
    expect(await redis.settlement.confirm(couponId, [pending[0], lost])).toBe(true);
    expect(await redis.slots(couponId)).toMatchObject({
      loaded: true,
      reserved: 4,
      sequence: 3,
      pending: pending.slice(1),
    });
    expect(await redis.coupons.holdSlot(couponId, [lost.userId])).toEqual([true]);
    await redis.withoutEffect(couponId, () => redis.settlement.confirm(couponId, [lost]));
  });

  it.each(NOT_LOADED_CAUSES)(
    'while the coupon is not loaded only puts users back into pending: %s',
    async (_cause, plant) => {
      const { couponId, pending } = await soldOut();
      const [confirmed, waiting] = pending;
      await redis.settlement.confirm(couponId, [confirmed]);
      await plant(redis, couponId);
      const before = await redis.dump(couponId);

      expect(await redis.settlement.confirm(couponId, [confirmed])).toBe(false);
      expect(await redis.coupons.pendingNumber(couponId, confirmed.userId)).toBe(confirmed.sequenceNumber);
      await redis.raw.zrem(keys.pending(couponId), confirmed.userId);
      expect(await redis.dump(couponId)).toEqual(before);
      expect(await redis.settlement.confirm(couponId, [waiting])).toBe(false);
      expect(await redis.coupons.pendingNumber(couponId, waiting.userId)).toBe(waiting.sequenceNumber);
    },
  );

  it('puts users back into pending also where someone made something else of it', async () => {
    const { couponId, pending } = await soldOut();
    await redis.raw.set(keys.pending(couponId), 'text');
    expect(await redis.settlement.release(couponId, pending)).toBeUndefined();
    expect(await redis.settlement.confirm(couponId, [pending[0]])).toBe(false);
    expect(await redis.coupons.pendingNumber(couponId, pending[0].userId)).toBe(pending[0].sequenceNumber);
  });

  it('while the coupon is not loaded leaves a newer reservation of the same user pending under its own number', async () => {
    const { couponId, pending } = await soldOut();
    const [older] = pending;
    await redis.settlement.release(couponId, [older]);
    const newer = await reserve(couponId, older.userId);
    await redis.raw.del(keys.state(couponId));
    expect(await redis.withoutEffect(couponId, () => redis.settlement.confirm(couponId, [older]))).toBe(false);
    expect((await redis.slots(couponId)).pending).toContainEqual(newer);
  });

  it('and release take a whole batch of 500', async () => {
    const couponId = await redis.load({ capacity: 1000 });
    const reserved = await inParallel(newUserIds(1000), (userId) => reserve(couponId, userId));
    expect(await redis.settlement.confirm(couponId, reserved.slice(0, 500))).toBe(true);
    expect(await redis.settlement.release(couponId, reserved.slice(500))).toBe(500);
    expect(await redis.slots(couponId)).toMatchObject({ loaded: true, reserved: 500, sequence: 1000, pending: [] });
  });
});

describe('release', () => {
  it('gives the slots back, and the next user gets one under a new number', async () => {
    const { couponId, pending } = await soldOut();
    expect(await redis.reserve(couponId, newUserId())).toBe('SOLD_OUT');
    expect(await redis.settlement.release(couponId, pending.slice(1))).toBe(2);
    expect(await redis.slots(couponId)).toEqual({
      loaded: true,
      reserved: 1,
      users: [pending[0].userId],
      sequence: 3,
      pending: [pending[0]],
    });
    expect(await redis.reserve(couponId, newUserId())).toBe(4);
    expect(await redis.reserve(couponId, pending[2].userId)).toBe(5);
  });

  it('changes nothing the second time, also when the slot was taken by someone else', async () => {
    const { couponId, pending } = await soldOut();
    await redis.settlement.release(couponId, pending);
    expect(await redis.withoutEffect(couponId, () => redis.settlement.release(couponId, pending))).toBe(0);
    await reserve(couponId);
    expect(await redis.withoutEffect(couponId, () => redis.settlement.release(couponId, pending))).toBe(0);
  });

  it('changes nothing for a number that is not the one the user is pending with', async () => {
    const { couponId, pending } = await soldOut();
    const [first, second] = pending;
    const swapped = [
      { userId: first.userId, sequenceNumber: second.sequenceNumber },
      { userId: second.userId, sequenceNumber: first.sequenceNumber },
    ];
    expect(await redis.withoutEffect(couponId, () => redis.settlement.release(couponId, swapped))).toBe(0);
  });

  it('changes nothing for a user who is confirmed, or unknown', async () => {
    const { couponId, pending } = await soldOut();
    await redis.settlement.confirm(couponId, [pending[0]]);
    const nobody = { userId: newUserId(), sequenceNumber: 2 };
    expect(await redis.withoutEffect(couponId, () => redis.settlement.release(couponId, [pending[0], nobody]))).toBe(0);
  });

  it('of a failed attempt does not take the slot that the user got at the next attempt', async () => {
    const { couponId, pending } = await soldOut();
    await redis.settlement.release(couponId, pending);
    const again = await reserve(couponId, pending[0].userId);
    expect(await redis.withoutEffect(couponId, () => redis.settlement.release(couponId, pending))).toBe(0);
    await redis.settlement.confirm(couponId, [again]);
    expect(await redis.withoutEffect(couponId, () => redis.settlement.release(couponId, pending))).toBe(0);
  });

  it('ends a pending entry of a user who holds no slot, and counts no slot for it', async () => {
    const { couponId, pending } = await soldOut();
    const ghost = { userId: newUserId(), sequenceNumber: 7 };
    await redis.raw.zadd(keys.pending(couponId), ghost.sequenceNumber, ghost.userId);
    expect(await redis.settlement.release(couponId, [ghost])).toBe(0);
    expect(await redis.slots(couponId)).toMatchObject({ loaded: true, reserved: 3, pending });
  });

  it.each(NOT_LOADED_CAUSES)('changes nothing while the coupon is not loaded: %s', async (_cause, plant) => {
    const { couponId, pending } = await soldOut();
    await plant(redis, couponId);
    expect(await redis.withoutEffect(couponId, () => redis.settlement.release(couponId, pending))).toBeUndefined();
  });

  it('of 200 failed attempts, each sent three times and among 200 others, takes no one else’s slot', async () => {
    const couponId = await redis.load({ capacity: 400 });
    const reserved = shuffled(await inParallel(newUserIds(400), (userId) => reserve(couponId, userId)));
    const [failed, confirmed, waiting] = [reserved.slice(0, 200), reserved.slice(200, 300), reserved.slice(300)];
    await redis.settlement.confirm(couponId, confirmed);

    const sent = shuffled([failed, failed, failed].flat());
    const released = await inParallel(sent, (reservation) => redis.settlement.release(couponId, [reservation]));
    expect(released.reduce<number>((sum, count) => sum + (count ?? 0), 0)).toBe(200);
    const holders = [...confirmed, ...waiting].map(({ userId }) => userId).sort((a, b) => a - b);
    expect(await redis.slots(couponId)).toMatchObject({
      loaded: true,
      reserved: 200,
      users: holders,
      pending: waiting.sort((a, b) => a.sequenceNumber - b.sequenceNumber),
    });
  });
});

describe('what the others are told', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('is one message for each call: who settled, and the users', async () => {
    const { couponId, pending } = await soldOut();
    const messages = await listenTo(couponId);
    const { sender } = redis.settlement;
    await redis.settlement.confirm(couponId, pending.slice(0, 2));
    await redis.settlement.release(couponId, pending.slice(2));
    const [first, second, third] = pending.map(({ userId }) => userId);
    await eventually(() => expect(messages).toEqual([`${sender} ${first} ${second}`, `${sender} ${third}`]));
  });

  it('is nothing while the coupon is not loaded', async () => {
    const { couponId, pending } = await soldOut();
    const messages = await listenTo(couponId);
    await redis.raw.del(keys.state(couponId));
    await redis.settlement.confirm(couponId, pending);
    await redis.settlement.release(couponId, pending);
    await redis.raw.spublish(keys.outcomes(couponId), 'the end');
    await eventually(() => expect(messages).toEqual(['the end']));
  });

  it('changes nothing of what is written where a user may not publish, and is warned of once', async () => {
    const user = `nochannels${newUserId()}`;
    await redis.raw.call('ACL', 'SETUSER', user, 'on', '>secret', '~*', 'resetchannels', '+@all');
    atEndOfFile(async () => void (await redis.raw.call('ACL', 'DELUSER', user)));
    const url = new URL(redis.url);
    const restricted = await ReservationRedis.open({ url: `redis://${user}:secret@${url.host}${url.pathname}` });
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);

    const { couponId, pending } = await soldOut();
    expect(await restricted.settlement.confirm(couponId, [pending[0]])).toBe(true);
    expect(await restricted.settlement.release(couponId, [pending[1]])).toBe(1);
    expect(await redis.slots(couponId)).toMatchObject({ loaded: true, reserved: 2, pending: [pending[2]] });
    expect(warn.mock.calls.flat().join()).toContain('ACL SETUSER <user> &coupon:*');
    expect(warn).toHaveBeenCalledTimes(1);
  });
});
