import { beforeAll, describe, expect, it } from '@jest/globals';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import type { CouponBody } from '../support/api-client.js';
import type { AppProcess } from '../support/app-process.js';
import { AuditedApp } from '../support/audited-app.js';
import { inParallel } from '../support/in-parallel.js';
import { eventuallyShows, Scrape } from '../support/metrics.js';
import { SteadyLoad } from '../support/steady-load.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

let world: AuditedApp;
let app: AppProcess;

beforeAll(async () => {
  world = await AuditedApp.open();
  app = await world.startAnother({ METRICS_COUPON_INTERVAL_MS: '100' });
});

const PER_COUPON = ['stock', 'issued', 'remaining', 'loaded', 'pending', 'oldest_pending_seconds', 'drift'];

function ofCoupon(scrape: Scrape, couponId: number): Record<string, number | undefined> {
  const labels = { coupon_id: String(couponId) };
  return Object.fromEntries(PER_COUPON.map((name) => [name, scrape.value(`firstcome_coupon_${name}`, labels)]));
}

async function eventuallyStands(couponId: number, expected: Record<string, unknown>): Promise<void> {
  await eventuallyShows(app, (scrape) => expect(ofCoupon(scrape, couponId)).toMatchObject(expected));
}

const NOTHING = Object.fromEntries(PER_COUPON.map((name) => [name, undefined]));

describe('an open coupon', () => {
  it('shows its stock, and nothing pending and no drift when all is well', async () => {
    const { couponId } = await world.coupon(3);
    await eventuallyStands(couponId, {
      stock: 10,
      issued: 3,
      remaining: 7,
      loaded: 1,
      pending: 0,
      oldest_pending_seconds: 0,
      drift: 0,
    });
  });

  it('shows what is pending and for how long, until it is issued', async () => {
    const { couponId } = await world.coupon(2);
    await eventuallyStands(couponId, { pending: 0 });
    const release = await world.holdRowLock(couponId);
    try {
      await inParallel(newUserIds(3), (userId) => world.api.reserve(couponId, userId));
      await eventuallyStands(couponId, { pending: 3, remaining: 5, drift: 0 });
      await eventuallyShows(app, (scrape) =>
        expect(ofCoupon(scrape, couponId)['oldest_pending_seconds']).toBeGreaterThan(1),
      );
      await eventuallyStands(couponId, { pending: 3, drift: 0 });
    } finally {
      await release();
    }
    await eventuallyStands(couponId, { pending: 0, oldest_pending_seconds: 0, issued: 5, drift: 0 });
  });

  it('has no series before it opens, nor after it is over', async () => {
    const later = new Date(Date.now() + 60_000).toISOString();
    const { couponId } = await world.api.createCoupon({ startsAt: later });
    const { couponId: open } = await world.api.createCoupon();
    await eventuallyStands(open, { stock: 100 });
    expect(ofCoupon(await Scrape.of(app), couponId)).toEqual(NOTHING);

    await world.api.patchCoupon(open, { expiresAt: new Date(Date.now() - 1000).toISOString() });
    await eventuallyStands(open, NOTHING);
  });

  it('keeps its series after its end for as long as something of it is pending', async () => {
    const { couponId } = await world.coupon(1);
    await eventuallyStands(couponId, { pending: 0 });
    const pending = keys.pending(couponId);
    await world.redis.zadd(pending, 1, String(newUserId()));
    await eventuallyStands(couponId, { pending: 1 });
    await world.changeRow(couponId, 'expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');
    await eventuallyShows(app, (scrape) =>
      expect(ofCoupon(scrape, couponId)['oldest_pending_seconds']).toBeGreaterThan(0.5),
    );
    await world.redis.del(pending);
    await eventuallyStands(couponId, NOTHING);
  });
});

describe('drift', () => {
  it('is a slot that nobody holds', async () => {
    const { couponId } = await world.coupon();
    await world.plantSlot(couponId, newUserId());
    await eventuallyStands(couponId, { drift: 1 });
  });

  it('is a row whose user holds no slot', async () => {
    const { couponId, users } = await world.coupon();
    await world.loseSlot(couponId, users[0]);
    await eventuallyStands(couponId, { drift: 1 });
  });

  it('is a counter that differs from the set', async () => {
    const { couponId } = await world.coupon();
    await world.redis.incrby(keys.reserved(couponId), 3);
    await eventuallyStands(couponId, { drift: 3, loaded: 0 });
  });

  it('is more issued than there is', async () => {
    const { couponId } = await world.coupon(4);
    await world.changeRow(couponId, 'total_quantity = 3');
    await eventuallyStands(couponId, { drift: 1 });
  });

  it('is gone after a rebuild', async () => {
    const { couponId } = await world.coupon();
    await world.plantSlot(couponId, newUserId());
    await eventuallyStands(couponId, { drift: 1 });
    expect((await world.api.rebuild(couponId)).body.consistent).toBe(true);
    await eventuallyStands(couponId, { drift: 0 });
  });

  it('is not what is in flight: a drop shows none at any look', async () => {
    // More than even a fast machine gives away in the meantime.
    const totalQuantity = 1_000_000;
    const { couponId } = await world.api.createCoupon({ totalQuantity });
    await eventuallyStands(couponId, { drift: 0 });
    const seen = new Set<number | undefined>();
    const drop = new SteadyLoad((userId) => world.api.reserve(couponId, userId), { atOnce: 32 });
    for (let look = 1; look <= 40; look += 1) {
      await drop.sees('200', 20);
      seen.add(ofCoupon(await Scrape.of(app), couponId)['drift']);
    }
    const accepted = (await drop.stop()).filter(({ status }) => status === 200).length;
    await eventuallyStands(couponId, { pending: 0, issued: accepted, remaining: totalQuantity - accepted });
    expect([...seen]).toEqual([0]);
  });
});

function openSince(ms: number): Partial<CouponBody> {
  return { startsAt: new Date(Date.now() - ms).toISOString() };
}

describe('however many coupons are open', () => {
  it('only so many have a series, those that opened last', async () => {
    const own = await world.startAnother({ METRICS_MAX_COUPONS: '2', METRICS_COUPON_INTERVAL_MS: '100' });
    const old = await world.api.createCoupon(openSince(48 * 3_600_000));
    const newest = [await world.api.createCoupon(openSince(1000)), await world.api.createCoupon(openSince(1000))];
    await eventuallyShows(own, (scrape) => {
      for (const { couponId } of newest) expect(ofCoupon(scrape, couponId)).toMatchObject({ stock: 100 });
      expect(scrape.all('firstcome_coupon_stock')).toHaveLength(2);
      expect(ofCoupon(scrape, old.couponId)).toEqual(NOTHING);
      expect(scrape.value('firstcome_coupons_open')).toBeGreaterThan(2);
    });
  });
});
