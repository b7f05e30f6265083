import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { reservationKeys } from '../../src/coupon/reservation/reservation-keys.js';
import { tally } from '../support/api-client.js';
import { Crowd } from '../support/crowd.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { expectPromisesKept } from '../support/promises.js';
import { Site } from '../support/site.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

const STOCK = 1200;

let site: Site;

beforeAll(async () => {
  // As short as in production: how a frozen Redis is met depends on it.
  site = await Site.open({ REDIS_COMMAND_TIMEOUT_MS: '250' });
});

beforeEach(async () => {
  await site.isServing();
});

/** Whoever asks now hears at once that reservations are not available and when to come back. */
async function expectUnavailable(couponId: number): Promise<void> {
  const answers = await inParallel(newUserIds(20), (userId) => site.api.reserve(couponId, userId));
  expect(tally(answers)).toEqual({ '503 RESERVATION_UNAVAILABLE': 20 });
  expect(new Set(answers.map(({ headers }) => headers.get('retry-after')))).toEqual(new Set(['1']));
}

/**
 * Resolves when so many slots are held, also by those who were told 503: where the machine is busy Redis often answers
 * later than we wait, and the stock may be gone before half as many have been answered 200.
 */
async function areHeld(couponId: number, count: number): Promise<void> {
  const key = reservationKeys.reserved(couponId);
  await eventually(async () => expect(Number(await site.redis.get(key))).toBeGreaterThanOrEqual(count), {
    intervalMs: 5,
  });
}

/** Takes Redis away in the middle of a drop for so long at least. */
async function expectDropSurvives(
  takeAway: () => Promise<void>,
  bringBack: () => Promise<void>,
  outageMs = 500,
): Promise<void> {
  const { couponId } = await site.api.createCoupon({ totalQuantity: STOCK });
  const crowd = new Crowd(site.api, couponId);
  await areHeld(couponId, STOCK / 6);
  await takeAway();
  try {
    const until = Date.now() + outageMs;
    do {
      await expectUnavailable(couponId);
      await delay(50);
    } while (Date.now() < until);
  } finally {
    await bringBack();
  }
  await crowd.buysOut(STOCK);
  await expectPromisesKept(site, couponId, STOCK, crowd.asks);
}

async function whileFrozen<T>(work: () => Promise<T>): Promise<T> {
  await site.redisServer.freeze();
  try {
    return await work();
  } finally {
    await site.redisServer.thaw();
  }
}

/** How many slots are held once Redis goes on, that of one who asks then included. */
async function heldOnceOpen(couponId: number): Promise<number> {
  await eventually(async () => expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ status: 200 }));
  return (await site.leftBehind(couponId)).reserved;
}

describe('without restarting the application, a drop survives that Redis', () => {
  it('is frozen for three seconds', async () => {
    await expectDropSurvives(
      () => site.redisServer.freeze(),
      () => site.redisServer.thaw(),
      3000,
    );
  });

  it('is dead for a while', async () => {
    await expectDropSurvives(
      () => site.redisServer.kill(),
      () => site.redisServer.restart(),
    );
  });

  it('cannot be reached for a while', async () => {
    await expectDropSurvives(
      () => site.redisProxy.refuse(),
      () => site.redisProxy.accept(),
    );
  });

  it('is cut off without a word for a while', async () => {
    await expectDropSurvives(
      async () => site.redisProxy.stall(),
      async () => site.redisProxy.resume(),
    );
  });

  it('answers later than we wait', async () => {
    await expectDropSurvives(
      async () => site.redisProxy.addLatency(600),
      async () => site.redisProxy.addLatency(0),
    );
  });

  it('is slow, but not too slow, and loses its connections again and again', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: STOCK });
    const crowd = new Crowd(site.api, couponId, { clients: 64 });
    site.redisProxy.addLatency(5);
    for (const held of [150, 300, 450, 600]) {
      await areHeld(couponId, held);
      site.redisProxy.cut();
    }
    await crowd.buysOut(STOCK);
    site.redisProxy.addLatency(0);
    await expectPromisesKept(site, couponId, STOCK, crowd.asks);
  });
});

describe('what was sent to a frozen Redis', () => {
  it('is carried out once it goes on, and then issued although its callers were told 503', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: 4 });
    // Fewer than it takes until nothing more is sent
    const users = newUserIds(3);
    const frozen = await whileFrozen(() => inParallel(users, (userId) => site.api.reserve(couponId, userId)));
    expect(tally(frozen)).toEqual({ '503 RESERVATION_UNAVAILABLE': 3 });
    await eventually(async () => expect(await site.leftBehind(couponId)).toMatchObject({ pending: 0, rows: 3 }));
    const rows = await site.database.userCoupons(couponId);
    expect(rows.map(({ userId }) => userId).sort((a, b) => a - b)).toEqual(users);

    // Each of them was admitted once: there is one slot left.
    const answers = await inParallel(users, (userId) => site.api.reserve(couponId, userId));
    expect(tally(answers)).toEqual({ '409 ALREADY_ISSUED': 3 });
    expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ status: 200, body: { sequenceNumber: 4 } });
    await eventually(async () => expect(await site.leftBehind(couponId)).toMatchObject({ pending: 0, rows: 4 }));
    await expectPromisesKept(site, couponId, 4, []);
  });

  it('is little, however many ask: after a few time-outs nothing more is sent', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: STOCK });
    const answers = await whileFrozen(async () => {
      const rounds = [];
      for (let round = 1; round <= 10; round += 1) {
        rounds.push(await inParallel(newUserIds(64), (userId) => site.api.reserve(couponId, userId)));
      }
      return rounds.flat();
    });
    expect(tally(answers)).toEqual({ '503 RESERVATION_UNAVAILABLE': 640 });
    // Those who ask at once share a call, which is one time-out: five of them open the breaker
    expect(await heldOnceOpen(couponId)).toBeLessThanOrEqual(5 * 64 + 1);
  });

  it('is little, however slowly they ask', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: STOCK });
    const answers = await whileFrozen(() =>
      inParallel(newUserIds(12), (userId) => site.api.reserve(couponId, userId), 1),
    );
    expect(tally(answers)).toEqual({ '503 RESERVATION_UNAVAILABLE': 12 });
    expect(await heldOnceOpen(couponId)).toBeLessThanOrEqual(5 + 1);
  });
});

describe('a connection over which nothing comes any more', () => {
  it('is left for a new one, though nobody tells that it is of no use', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: 100 });
    site.redisProxy.stallAnswers();
    await expectUnavailable(couponId);
    await eventually(async () => expect((await site.api.reserve(couponId, newUserId())).status).toBe(200));
    site.redisProxy.cut();
    await eventually(async () => expect(await site.leftBehind(couponId)).toMatchObject({ pending: 0 }));
  });
});

describe('a reservation', () => {
  it('is not sent again when its connection breaks before the answer', async () => {
    // Given time to look between the script and its answer, which does not come
    await site.start({ REDIS_COMMAND_TIMEOUT_MS: '10000' });
    const { couponId } = await site.api.createCoupon({ totalQuantity: 2 });
    const userId = newUserId();
    // From here on the process knows the coupon, and needs no answer before it reserves
    expect((await site.api.reservation(couponId, userId)).status).toBe(404);
    site.redisProxy.stallAnswers();
    const answering = site.api.reserve(couponId, userId);
    await eventually(async () => expect(await site.redis.get(reservationKeys.reserved(couponId))).toBe('1'));
    site.redisProxy.cut();

    // Sent again, it would be refused with ALREADY_ISSUED
    expect(await answering).toMatchObject({ status: 503, error: 'RESERVATION_UNAVAILABLE' });
    await eventually(async () => expect(await site.leftBehind(couponId)).toMatchObject({ pending: 0, rows: 1 }));
    expect(await site.database.userCoupons(couponId)).toMatchObject([{ userId, sequenceNumber: 1 }]);
  });

  it('is not kept for later when there is no connection', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: 100 });
    await site.redisProxy.refuse();
    await expectUnavailable(couponId);
    await site.redisProxy.accept();
    await eventually(async () => {
      expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ status: 200, body: { sequenceNumber: 1 } });
    });
  });
});
