import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { historyKeys } from '../../src/coupon/reservation/reservation-keys.js';
import type { CouponPoint, History } from '../../src/operations/dashboard/snapshot.js';
import { ApiClient, tally } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { INSTALLING_MS, openBrowser, shows, withDashboard } from '../support/browser.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { Site } from '../support/site.js';
import { newUserIds } from '../support/unique-ids.js';

/** What is known of a drop that nobody watched. */

let site: Site;
let browser: Browser;

beforeAll(async () => {
  [site, browser] = await Promise.all([Site.open(), openBrowser()]);
  await site.start();
}, INSTALLING_MS);

async function historyOf({ url }: AppProcess, couponId: number): Promise<readonly CouponPoint[]> {
  const answer = await fetch(`${url}/dashboard/history/${couponId}`);
  return ((await answer.json()) as History).coupon ?? [];
}

/** A drop of 30 for 50 users, over these instances in turn. */
async function drop(couponId: number, apis: readonly ApiClient[]): Promise<void> {
  const answers = await inParallel(newUserIds(50), (userId, index) =>
    (apis[index % apis.length] as ApiClient).reserve(couponId, userId),
  );
  expect(tally(answers)).toEqual({ 200: 30, '409 COUPON_SOLD_OUT': 20 });
}

/** Resolves when it is written down that all is gone, and that 20 were refused. */
async function isWritten(app: AppProcess, couponId: number): Promise<void> {
  await eventually(async () => {
    const points = await historyOf(app, couponId);
    expect(points.map(([, remaining]) => remaining)).toEqual(expect.arrayContaining([30, 0]));
    expect(points.some(([, , accepted]) => (accepted ?? 0) > 0)).toBe(true);
    expect(points.some(([, , , refused]) => refused > 0)).toBe(true);
  });
}

describe('a page that is opened after the drop', () => {
  it('shows the drop, and does so after a restart as well', async () => {
    const { couponId } = await site.api.createCoupon({ name: 'Unwatched', totalQuantity: 30 });
    await drop(couponId, [site.api]);
    await isWritten(site.app, couponId);
    for (const restart of [async () => undefined, () => site.start()]) {
      await restart();
      await withDashboard(
        browser,
        site,
        async (page) => {
          await shows(page, '#story', /^Sold out at .*after the first reservation\.$/);
          await shows(page, '.reasons', /^Sold out\s+20$/);
          await shows(page, '#tile-refused', /20 in all\s+all instances/);
          await shows(page, '#tile-accepted', /peak [1-9]/);
          await shows(page, '.charts', /Accepted\s.*all instances/s);
        },
        { hash: `#coupon=${couponId}` },
      );
    }
  });

  it('says so where the history cannot be read, and shows it once it can', async () => {
    const { couponId } = await site.api.createCoupon({ name: 'Away', totalQuantity: 30 });
    await drop(couponId, [site.api]);
    await isWritten(site.app, couponId);
    await site.redisServer.freeze();
    try {
      await eventually(async () => {
        const answer = await fetch(`${site.app.url}/dashboard/history/${couponId}`);
        expect(await answer.json()).toMatchObject({ coupon: null });
      });
    } finally {
      await site.redisServer.thaw();
    }
    await withDashboard(browser, site, (page) => shows(page, '#story', /^Sold out at/), {
      hash: `#coupon=${couponId}`,
    });
  });
});

describe('of two instances', () => {
  it('each shows what both have counted, and one writes while the other takes over when it dies', async () => {
    const env = { REDIS_URL: site.redisServer.url, DATABASE_URL: site.mysqlServer.url };
    const other = await startApp({ env, waitFor: '/health/ready' });
    const { couponId } = await site.api.createCoupon({ name: 'Of two', totalQuantity: 30 });
    await drop(couponId, [site.api, new ApiClient(other.url)]);
    for (const app of [site.app, other]) {
      await isWritten(app, couponId);
      await withDashboard(
        browser,
        { app },
        async (page) => {
          await shows(page, '.reasons', /^Sold out\s+20$/);
          await shows(page, '#remaining', /^0$/);
        },
        { hash: `#coupon=${couponId}` },
      );
    }
    // Whichever of the two it was, the one that is left goes on.
    await site.app.kill();
    const { couponId: next } = await new ApiClient(other.url).createCoupon({ name: 'Of one', totalQuantity: 30 });
    await drop(next, [new ApiClient(other.url)]);
    await isWritten(other, next);
    await other.kill();
    await site.start();
  });
});

it('keeps no more than it says, and nothing for ever', async () => {
  const { couponId } = await site.api.createCoupon({ name: 'Bounded', totalQuantity: 30 });
  await drop(couponId, [site.api]);
  await isWritten(site.app, couponId);
  const { refusals, seconds, minutes } = historyKeys;
  for (const key of [refusals(couponId), seconds(couponId), minutes(couponId)])
    expect(await site.redis.ttl(key)).toBeGreaterThan(29 * 86_400);
  // A list that is as long as it may be loses its oldest point with the next one.
  const [oldest = ''] = await site.redis.lrange(seconds(couponId), 0, 0);
  await site.redis.lpush(seconds(couponId), ...Array.from({ length: 4_000 }, () => oldest));
  await site.api.patchCoupon(couponId, { totalQuantity: 40 });
  await eventually(async () => expect(await site.redis.llen(seconds(couponId))).toBe(3_600));
});
