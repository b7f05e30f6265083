import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CouponSnapshot, History, Snapshot } from '../../src/operations/dashboard/snapshot.js';
import { inParallel } from '../support/in-parallel.js';
import { eventuallyShows } from '../support/metrics.js';
import { eventually } from '../support/poll.js';
import { Site } from '../support/site.js';
import { Listener } from '../support/snapshots.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

let site: Site;

beforeAll(async () => {
  site = await Site.open();
});

beforeEach(async () => {
  await site.isServing();
});

function couponIn(snapshot: Snapshot, couponId: number): CouponSnapshot | undefined {
  return snapshot.coupons.list?.find((coupon) => coupon.couponId === couponId);
}

describe('the stream', () => {
  it('feeds all who listen from one sampling, and forgets those who hang up', async () => {
    const [first, second] = [await Listener.open(site.app.url), await Listener.open(site.app.url)];
    expect(first.headers.get('content-type')).toBe('text/event-stream');
    expect(first.headers.get('x-accel-buffering')).toBe('no');
    await Promise.all([first.next(({ streams }) => streams === 2), second.next(({ streams }) => streams === 2)]);
    await eventually(() => expect(first.snapshots.at(-1)).toEqual(second.snapshots.at(-1)));
    first.close();
    await second.next(({ streams }) => streams === 1);
    second.close();
    await eventuallyShows(site.app, (scrape) => expect(scrape.value('firstcome_dashboard_streams')).toBe(0));
  });

  it('tells who was accepted and who was refused, and why', async () => {
    const { couponId } = await site.api.createCoupon({ name: 'Told', totalQuantity: 20 });
    const listener = await Listener.open(site.app.url);
    await listener.next((snapshot) => couponIn(snapshot, couponId) !== undefined);
    const holder = newUserId();
    await site.api.reserve(couponId, holder);
    await site.api.reserve(couponId, holder);
    await inParallel(newUserIds(22), (userId) => site.api.reserve(couponId, userId));
    const { at } = await listener.next((snapshot) => couponIn(snapshot, couponId)?.issuedQuantity === 20);
    const settled = await listener.next((snapshot) => {
      const { isLoaded, pending } = couponIn(snapshot, couponId) ?? {};
      return isLoaded === true && pending === 0;
    });
    const coupon = couponIn(settled, couponId);
    expect(coupon).toMatchObject({
      name: 'Told',
      status: 'SOLD_OUT',
      remainingQuantity: 0,
      pending: 0,
      isLoaded: true,
    });
    expect(coupon?.refusals).toEqual({ ALREADY_ISSUED: 1, COUPON_SOLD_OUT: 3 });
    expect(listener.snapshots.some((snapshot) => (couponIn(snapshot, couponId)?.acceptedPerSecond ?? 0) > 0)).toBe(
      true,
    );
    expect(listener.snapshots.some(({ latency }) => (latency.p99 ?? 0) > 0)).toBe(true);
    const history: History = JSON.parse(await (await fetch(`${site.app.url}/dashboard/history/${couponId}`)).text());
    expect(history.latency.map(([time]) => time)).toContain(at);
    listener.close();
  });

  it('has a coupon that is not among the newest for those who ask for it', async () => {
    const { couponId } = await site.api.createCoupon({ name: 'Old' });
    await inParallel(Array.from({ length: 50 }), () => site.api.createCoupon(), 5);
    const [usual, asking] = [
      await Listener.open(site.app.url),
      await Listener.open(site.app.url, `?coupons=${couponId}`),
    ];
    expect(couponIn(await asking.next((snapshot) => couponIn(snapshot, couponId) !== undefined), couponId)?.name).toBe(
      'Old',
    );
    asking.close();
    await usual.next((snapshot) => snapshot.coupons.list?.length === 50 && couponIn(snapshot, couponId) === undefined);
    usual.close();
  });
});

describe('the stream in an outage', () => {
  it('goes on without Redis and says so, with the stock that MySQL knows', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: 10 });
    await site.api.issue(couponId, newUserId());
    const listener = await Listener.open(site.app.url);
    await listener.next(({ health }) => health.redis.isUp);
    await site.redisServer.kill();
    const without = await listener.next(({ health }) => !health.redis.isUp);
    expect(without.health.database.isUp).toBe(true);
    await listener.next();
    expect(couponIn(await listener.next(), couponId)).toMatchObject({
      issuedQuantity: 1,
      remainingQuantity: 9,
      pending: null,
      isLoaded: null,
    });
    await site.redisServer.restart();
    await listener.next((snapshot) => snapshot.health.redis.isUp && couponIn(snapshot, couponId)?.isLoaded === true);
    listener.close();
  });

  it('goes on while MySQL hangs, with the stock that Redis knows', async () => {
    const { couponId } = await site.api.createCoupon({ totalQuantity: 10 });
    const listener = await Listener.open(site.app.url);
    await listener.next((snapshot) => couponIn(snapshot, couponId) !== undefined);
    await site.mysqlServer.freeze();
    try {
      await listener.next(({ health }) => health.redis.isUp && !health.database.isUp);
      await inParallel(newUserIds(4), (userId) => site.api.reserve(couponId, userId));
      await listener.next((snapshot) => couponIn(snapshot, couponId)?.remainingQuantity === 6);
      const waiting = await listener.next((snapshot) => (couponIn(snapshot, couponId)?.oldestPendingMs ?? 0) > 0);
      expect(couponIn(waiting, couponId)).toMatchObject({ pending: 4, issuedQuantity: 0 });
    } finally {
      await site.mysqlServer.thaw();
    }
    await listener.next((snapshot) => couponIn(snapshot, couponId)?.issuedQuantity === 4);
    listener.close();
  });
});

describe('the page', () => {
  it('is of our own files alone: nothing inline, nothing from elsewhere, no frame around it', async () => {
    const page = await fetch(`${site.app.url}/dashboard`);
    const html = await page.text();
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=|https?:\/\//);
    for (const [, path] of html.matchAll(/(?:src|href)="(dashboard\/[^"]+)"/g)) {
      const file = await fetch(`${site.app.url}/${path}`);
      expect({ path, status: file.status }).toEqual({ path, status: 200 });
      expect(file.headers.get('x-content-type-options')).toBe('nosniff');
      const again = await fetch(file.url, { headers: { 'if-none-match': String(file.headers.get('etag')) } });
      expect(again.status).toBe(304);
    }
  });

  it.each(['none.js', 'tsconfig.json', 'uplot.d.ts', '..%2fsnapshot.js', '%2e%2e/snapshot.js', 'package.json'])(
    'has no file %s',
    async (name) => {
      expect((await fetch(`${site.app.url}/dashboard/files/${name}`)).status).toBe(404);
    },
  );
});

it('ends in time with streams open, and ends them in order', async () => {
  const listeners = await inParallel([1, 2, 3], () => Listener.open(site.app.url));
  await listeners[0]?.next(({ streams }) => streams === 3);
  const { app } = site;
  expect(await app.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(await Promise.all(listeners.map(({ ended }) => ended))).toEqual([undefined, undefined, undefined]);
  expect(app.logs).not.toContain('did not end in time');
});
