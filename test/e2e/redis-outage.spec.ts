import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
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
  site = await Site.open();
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

/** Takes Redis away in the middle of a drop for as long as `during` takes. */
async function expectDropSurvives(takeAway: () => Promise<void>, bringBack: () => Promise<void>, outageMs = 500): Promise<void> {
  const { couponId } = await site.api.createCoupon({ totalQuantity: STOCK });
  const crowd = new Crowd(site.api, couponId);
  await crowd.hasAccepted(STOCK / 6);
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

describe('without restarting the application, a drop survives that Redis', () => {
  it('is frozen for three seconds', async () => {
    await expectDropSurvives(() => site.redisServer.freeze(), () => site.redisServer.thaw(), 3000);
  });

  it('is dead for a while', async () => {
    await expectDropSurvives(() => site.redisServer.kill(), () => site.redisServer.restart());
  });

  it('can not be reached for a while', async () => {
    await expectDropSurvives(() => site.redisProxy.refuse(), () => site.redisProxy.accept());
  });

  it('is cut off without a word for a while', async () => {
    await expectDropSurvives(async () => site.redisProxy.stall(), async () => site.redisProxy.resume());
  });

  it('answers later than we wait', async () => {
    await expectDropSurvives(async () => site.redisProxy.addLatency(200), async () => site.redisProxy.addLatency(0));
  });

  it('is slow, but not too slow, and loses its connections again and again', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: STOCK });
    const crowd = new Crowd(site.api, couponId, { clients: 64 });
    site.redisProxy.addLatency(5);
    for (const accepted of [150, 300, 450, 600]) {
      await crowd.hasAccepted(accepted);
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
    await site.redisServer.freeze();
    // Fewer than it takes until nothing more is sent.
    const users = newUserIds(3);
    try {
      const answers = await inParallel(users, (userId) => site.api.reserve(couponId, userId));
      expect(tally(answers)).toEqual({ '503 RESERVATION_UNAVAILABLE': 3 });
    } finally {
      await site.redisServer.thaw();
    }
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

  it('floods it not: after a few time-outs nothing more is sent', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: STOCK });
    await site.redisServer.freeze();
    let answers;
    try {
      answers = await inParallel(newUserIds(600), (userId) => site.api.reserve(couponId, userId), 8);
    } finally {
      await site.redisServer.thaw();
    }
    expect(tally(answers)).toEqual({ '503 RESERVATION_UNAVAILABLE': 600 });
    await eventually(async () => expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ status: 200 }));
    const { reserved } = await site.leftBehind(couponId);
    expect(reserved).toBeLessThan(100);
  });
});
