import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { seriousProblems, tabTo } from '../support/accessibility.js';
import { INSTALLING_MS, openBrowser, shows, withDashboard } from '../support/browser.js';
import { inParallel } from '../support/in-parallel.js';
import { plantFailures } from '../support/planted-faults.js';
import { eventually } from '../support/poll.js';
import { Site } from '../support/site.js';
import { newUserId } from '../support/unique-ids.js';

/** The live page for those who have a phone, a keyboard, or somebody who reads it to them. */

const PHONE = { width: 320, height: 640 };
const SIZES = [
  ['on a desk', { viewport: { width: 1280, height: 800 }, colorScheme: 'light', locale: 'en-US' }],
  ['on a small phone, in the dark and in Korean', { viewport: PHONE, colorScheme: 'dark', locale: 'ko-KR' }],
] as const;

let site: Site;
let browser: Browser;
let couponId: number;

beforeAll(async () => {
  [site, browser] = await Promise.all([Site.open(), openBrowser()]);
}, INSTALLING_MS);

beforeEach(async () => {
  await site.isServing();
  ({ couponId } = await site.api.createCoupon({ name: 'For everyone, whatever they have in their hands' }));
  await plantFailures(site, couponId, [newUserId()]);
});

async function login(page: Page): Promise<void> {
  await page.click('#failures');
  await page.fill('#token', 'local-admin');
  await page.keyboard.press('Enter');
  await page.locator('td.end button').waitFor();
}

describe.each(SIZES)('%s', (_name, options) => {
  it('nothing keeps anyone from using it, and nothing is wider than the screen', async () => {
    await withDashboard(
      browser,
      site,
      async (page) => {
        await page.locator('#failures-summary.alarming').waitFor();
        expect(await seriousProblems(page)).toEqual([]);
        await login(page);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(options.viewport.width);
        expect(await seriousProblems(page)).toEqual([]);
        for (const opener of ['#create', '#change', '#toggle', '#grant', '#revoke', '#rebuild', '#retry-all']) {
          await page.click(opener);
          await page.locator('dialog').waitFor();
          expect({ opener, problems: await seriousProblems(page) }).toEqual({ opener, problems: [] });
          await page.keyboard.press('Escape');
          await eventually(async () => expect(await page.locator('dialog').count()).toBe(0));
        }
      },
      { hash: `#coupon=${couponId}`, options },
    );
  });
});

it('has the retry of a failure on a small screen, and lets the keyboard see the rest of the table', async () => {
  await withDashboard(
    browser,
    site,
    async (page) => {
      await login(page);
      const retry = page.locator('td.end button');
      const { x = 0, width = 0 } = (await retry.boundingBox()) ?? {};
      expect(x).toBeGreaterThan(0);
      expect(x + width).toBeLessThanOrEqual(PHONE.width);
      await tabTo(page, '.table');
      await page.keyboard.press('ArrowRight');
      await eventually(async () =>
        expect(await page.locator('.table').evaluate((table) => table.scrollLeft)).toBeGreaterThan(0),
      );
      await tabTo(page, 'td.end button');
      // Still there, beside what was scrolled into sight.
      expect((await retry.boundingBox())?.x).toBe(x);
    },
    { hash: `#coupon=${couponId}`, options: { viewport: PHONE } },
  );
});

it.each([
  ['beside the others', { width: 1280, height: 800 }],
  ['on a phone', PHONE],
])('shows the chosen coupon in the list, %s', async (_where, viewport) => {
  await inParallel(Array.from({ length: 12 }), (_, index) => site.api.createCoupon({ name: `Newer ${index}` }));
  await withDashboard(
    browser,
    site,
    async (page) => {
      await shows(page, '#coupon-name', 'For everyone');
      const isSeen = `(() => {
        const [list, row] = ['#coupon-list', '#coupon-list [aria-current]'].map((selector) =>
          document.querySelector(selector).getBoundingClientRect());
        const middle = [(row.left + row.right) / 2, (row.top + row.bottom) / 2];
        return middle[0] > list.left && middle[0] < list.right && middle[1] > list.top && middle[1] < list.bottom;
      })()`;
      await eventually(async () => expect(await page.evaluate(isSeen)).toBe(true));
      // The page itself stays where it was.
      expect(await page.evaluate('scrollY')).toBe(0);
    },
    { hash: `#coupon=${couponId}`, options: { viewport } },
  );
});

it('does not make the pause of what is sold out its loudest button', async () => {
  const { couponId: sold } = await site.api.createCoupon({ totalQuantity: 1 });
  expect(await site.api.issue(sold, newUserId())).toMatchObject({ status: 200 });
  await withDashboard(
    browser,
    site,
    async (page) => {
      await shows(page, '.hero .badge', 'Sold out');
      await shows(page, '#toggle', 'Pause');
      expect(await page.locator('.hero .primary, .hero .danger').count()).toBe(0);
    },
    { hash: `#coupon=${sold}` },
  );
});
