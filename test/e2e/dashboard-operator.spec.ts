import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { INSTALLING_MS, openBrowser, shows, withDashboard } from '../support/browser.js';
import { plantFailures } from '../support/planted-faults.js';
import { eventually } from '../support/poll.js';
import { Shop } from '../support/shop.js';
import { Site } from '../support/site.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** What an operator does on the live page, without a terminal. */

let site: Site;
let browser: Browser;
let shop: Shop;

beforeAll(async () => {
  [site, browser] = await Promise.all([Site.open(), openBrowser()]);
  shop = new Shop(site.api, site.database);
}, INSTALLING_MS);

beforeEach(async () => {
  await site.isServing();
});

function withCoupon(couponId: number, work: (page: Page) => Promise<void>): Promise<void> {
  return withDashboard(browser, site, work, { hash: `#coupon=${couponId}` });
}

/** Presses a button for which the token has to be given. */
async function asAdmin(page: Page, press: () => Promise<void>): Promise<void> {
  await press();
  await page.fill('#token', 'local-admin');
  await page.keyboard.press('Enter');
}

async function save(page: Page): Promise<void> {
  await page.click('dialog button[type=submit]');
}

async function isClosed(page: Page): Promise<void> {
  await eventually(async () => expect(await page.locator('dialog').count()).toBe(0));
}

/** Types the number where it is asked for. */
async function confirmWith(page: Page, text: string): Promise<void> {
  await page.fill('#confirm-number', text);
  await page.click('dialog:last-of-type .danger');
}

/** Until when the user may spend what they hold of the coupon. */
async function useBy(couponId: number, userId: number): Promise<string | undefined> {
  const { body } = await site.api.call<{ coupons: Array<{ couponId: number; expiresAt: string }> }>(
    `/api/users/${userId}/coupons`,
  );
  return body.coupons.find((coupon) => coupon.couponId === couponId)?.expiresAt;
}

describe('changing a coupon', () => {
  it('ends its claim window now, says what that does not do, and shortens nothing that people hold', async () => {
    const { couponId } = await site.api.createCoupon({ name: 'Too long', audience: 'registered' });
    const userId = await shop.user();
    expect(await site.api.issue(couponId, userId)).toMatchObject({ status: 200 });
    const before = await useBy(couponId, userId);
    expect(before).toBeDefined();
    await withCoupon(couponId, async (page) => {
      await shows(page, '.hero .badge', 'Open');
      await page.click('#change');
      await shows(page, '#ending-hint', /does not shorten what people hold.*pause.*"May be spent"/s);
      await page.click('#end-now');
      await asAdmin(page, () => save(page));
      await shows(page, '.hero .badge', 'Ended');
      await shows(page, '#story', /^Ended /);
      await shows(page, '.facts', /use by /);
    });
    expect(await useBy(couponId, userId)).toBe(before);
  });

  it('sends what was changed alone, and names the field that is not accepted', async () => {
    const { couponId } = await site.api.createCoupon({ name: 'Small', totalQuantity: 10, discountRate: 10 });
    await withCoupon(couponId, async (page) => {
      await shows(page, '#remaining', '10');
      await page.click('#change');
      await save(page);
      await shows(page, 'dialog .error[role=alert]', 'Nothing was changed yet.');
      await page.fill('#change-expiresAt', '12026-01-01T00:00');
      await save(page);
      await shows(page, '#change-expiresAt-error', 'Ends: a date and a time of the years 1000 to 9999.');
      await page.keyboard.press('Escape');
      await isClosed(page);

      await page.click('#change');
      await page.fill('#change-totalQuantity', '25');
      await page.selectOption('#change-usable', 'days');
      await page.fill('#change-usableDays', '7');
      await page.uncheck('#change-isRedeemable');
      await page.fill('#change-minOrderAmount', '5000');
      await page.check('#change-applyToIssued');
      await asAdmin(page, () => save(page));
      await shows(page, '#remaining', '25');
      await shows(page, '.facts', 'cannot be spent at the moment');
      expect((await site.api.coupon(couponId)).body).toMatchObject({
        name: 'Small',
        totalQuantity: 25,
        usableDays: 7,
        usableUntil: null,
        isRedeemable: false,
        minOrderAmount: 5000,
        maxDiscountAmount: null,
      });

      // Empty is none, and where there are no days the use-by time follows the claim window again.
      await page.click('#change');
      await page.fill('#change-minOrderAmount', '');
      await page.selectOption('#change-usable', 'follows');
      await page.check('#change-isRedeemable');
      await save(page);
      await isClosed(page);
      const { body } = await site.api.coupon(couponId);
      expect(body).toMatchObject({ usableDays: null, usableUntil: body.expiresAt, minOrderAmount: null });
    });
  });
});

it('creates a coupon with terms of its own', async () => {
  await withDashboard(browser, site, async (page) => {
    await page.click('#create');
    await page.fill('#new-name', 'For a week each');
    await page.click('dialog summary');
    await page.selectOption('#new-usable', 'days');
    await page.fill('#new-usableDays', '7');
    await page.fill('#new-maxDiscountAmount', '3000');
    await asAdmin(page, () => save(page));
    await shows(page, '#coupon-name', 'For a week each');
    await shows(page, '.facts', 'use within 7 days');
  });
});

it('rebuilds a coupon from MySQL', async () => {
  const { couponId } = await site.api.createCoupon({ name: 'Rebuilt' });
  expect(await site.api.issue(couponId, newUserId())).toMatchObject({ status: 200 });
  await withCoupon(couponId, async (page) => {
    await shows(page, '.hero .badge', 'Open');
    await page.click('#rebuild');
    await shows(page, 'dialog h2', 'Rebuild from MySQL?');
    await asAdmin(page, () => page.click('dialog .danger'));
    await shows(page, '#toast', 'The slots are rebuilt.');
    await page.click('#audit');
    await shows(page, '#verdict', 'Everything adds up.');
  });
});

it('looks up who holds a coupon, by user and by state', async () => {
  const { couponId } = await site.api.createCoupon({ name: 'Held' });
  const userIds = newUserIds(3);
  for (const userId of userIds) expect(await site.api.issue(couponId, userId)).toMatchObject({ status: 200 });
  await withCoupon(couponId, async (page) => {
    const rows = page.locator('section[aria-labelledby=holders-title] tbody tr');
    await asAdmin(page, () => page.click('#holders'));
    await eventually(async () => expect(await rows.count()).toBe(3));
    // In the order of the numbers.
    expect(await rows.first().innerText()).toMatch(new RegExp(`^1\\s+${userIds[0]}\\s+Available`));

    await page.fill('#holders-userId', String(userIds[1]));
    await page.keyboard.press('Enter');
    await eventually(async () => expect(await rows.count()).toBe(1));
    expect(await rows.first().innerText()).toMatch(new RegExp(`^2\\s+${userIds[1]}\\s+Available`));

    await page.selectOption('#holders-status', 'USED');
    await page.click('#holders');
    await shows(page, 'section[aria-labelledby=holders-title]', 'Nobody like that holds it.');
  });
});

describe('giving and taking back', () => {
  it('gives to the users of a list, says what became of each, and asks for the number of many', async () => {
    const { couponId } = await site.api.createCoupon({ name: 'Given', audience: 'registered', isActive: false });
    const [holder, other] = [await shop.user(), await shop.user()];
    const stranger = newUserId();
    await withCoupon(couponId, async (page) => {
      await shows(page, '.hero .badge', 'Paused');
      await page.click('#grant');
      await page.fill('#grant-userIds', `${holder}, nobody`);
      await save(page);
      await shows(page, '#grant-userIds-error', 'nobody is no user id.');
      await page.fill('#grant-userIds', String(holder));
      await asAdmin(page, () => save(page));
      await shows(page, '#grant-result', /^Given: 1$/);
      await page.fill('#grant-userIds', `${holder};${other}\n${stranger}`);
      await save(page);
      await shows(page, '#grant-result', new RegExp(`Given: 1.*: 1: ${holder}.*Not registered: 1: ${stranger}`, 's'));

      // Of a hundred and more the number has to be typed, and it has to be the right one.
      await page.fill('#grant-userIds', newUserIds(120).join(' '));
      await save(page);
      await confirmWith(page, '12');
      await shows(page, 'dialog:last-of-type .error', 'That is not 120.');
      await confirmWith(page, '120');
      await shows(page, '#grant-result', 'Not registered: 120');
      await page.keyboard.press('Escape');
      await shows(page, '.hero [data-part=issued] dd', '2');
    });
  });

  it('takes back from one in the list, then from all who have not spent it, and offers the slots again', async () => {
    const { couponId } = await site.api.createCoupon({ name: 'Taken', totalQuantity: 3 });
    const userIds = newUserIds(3);
    for (const userId of userIds) expect(await site.api.issue(couponId, userId)).toMatchObject({ status: 200 });
    await withCoupon(couponId, async (page) => {
      await shows(page, '.hero .badge', 'Sold out');
      await asAdmin(page, () => page.click('#holders'));
      await page.getByRole('button', { name: `Take back from user ${userIds[1]}` }).click();
      await page.fill('#revoke-reason', 'By mistake');
      await save(page);
      await shows(page, '#revoke-result', /^Taken back: 1\s+Slots offered again: 1$/);
      await page.keyboard.press('Escape');
      await shows(page, '.facts', '1 given back, offered again');
      await shows(page, '#remaining', /^1$/);
      const rows = page.locator('section[aria-labelledby=holders-title] tbody tr');
      await eventually(async () => expect(await rows.nth(1).innerText()).toContain('Taken back ('));

      await page.click('#revoke');
      await page.selectOption('#revoke-whom', 'all');
      await page.fill('#revoke-reason', 'The promotion was a mistake');
      await page.uncheck('#revoke-returnSlots');
      await save(page);
      await confirmWith(page, '3');
      await shows(page, '#revoke-result', /^Taken back: 2/);
      await page.keyboard.press('Escape');
      await isClosed(page);
      expect((await site.api.coupon(couponId)).body).toMatchObject({ returnedQuantity: 1, remainingQuantity: 1 });
      await page.click('#actions');
      await shows(page, 'section[aria-labelledby=actions-title] tbody', 'coupon.revoke');
    });
  });
});

it('tries all that failed again', async () => {
  const { couponId } = await site.api.createCoupon({ name: 'Failed' });
  const userIds = newUserIds(3);
  await plantFailures(site, couponId, userIds);
  await withCoupon(couponId, async (page) => {
    await shows(page, '#failures-summary', 'wait for a retry: 3.');
    await page.click('#retry-all');
    await shows(page, 'dialog', 'until the coupon is sold out: 3.');
    await asAdmin(page, () => page.click('dialog .danger'));
    await shows(page, '#toast', 'Retried: 3.');
    await shows(page, '#failures-summary', 'No failure waits for you.');
    await eventually(async () => {
      for (const userId of userIds) expect((await site.api.reservation(couponId, userId)).body.status).toBe('ISSUED');
    });
  });
});

it('saves all holders as a file', async () => {
  const { couponId } = await site.api.createCoupon({ name: 'Listed' });
  const userIds = newUserIds(3);
  for (const userId of userIds) expect(await site.api.issue(couponId, userId)).toMatchObject({ status: 200 });
  await withCoupon(couponId, async (page) => {
    await shows(page, '.hero .badge', 'Open');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      asAdmin(page, () => page.click('#holders-file')),
    ]);
    expect(download.suggestedFilename()).toBe(`coupon-${couponId}.csv`);
    const text = await readFile(await download.path(), 'utf8');
    for (const userId of userIds) expect(text).toContain(String(userId));
  });
});

it('finds coupons by name and by state', async () => {
  const { couponId } = await site.api.createCoupon({ name: 'Sought after' });
  await site.api.createCoupon({ name: 'Something else' });
  await withCoupon(couponId, async (page) => {
    const rows = page.locator('#coupon-list li');
    await page.fill('#coupon-search', 'sought');
    await eventually(async () => expect(await rows.allInnerTexts()).toEqual([expect.stringMatching(/^Sought after/)]));
    await page.selectOption('#coupon-status', 'PAUSED');
    await shows(page, '#coupon-list', 'No coupon is like that.');
    await page.fill('#coupon-search', '');
    await page.selectOption('#coupon-status', '');
    await eventually(async () => expect(await rows.count()).toBeGreaterThan(1));
  });
});
