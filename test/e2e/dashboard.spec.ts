import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { tabTo } from '../support/accessibility.js';
import { tally } from '../support/api-client.js';
import { INSTALLING_MS, openBrowser, shows, withDashboard } from '../support/browser.js';
import { inParallel } from '../support/in-parallel.js';
import { plantFailures } from '../support/planted-faults.js';
import { eventually } from '../support/poll.js';
import { Site } from '../support/site.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

const TOKEN = 'local-admin';

let site: Site;
let browser: Browser;

beforeAll(async () => {
  [site, browser] = await Promise.all([Site.open(), openBrowser()]);
}, INSTALLING_MS);

beforeEach(async () => {
  await site.isServing();
});

/** The page of the application that runs now. */
function withPage(work: (page: Page) => Promise<void>, hash = '', options: BrowserContextOptions = {}): Promise<void> {
  return withDashboard(browser, site, work, { hash, options });
}

async function giveToken(page: Page, token: string): Promise<void> {
  await page.fill('#token', token);
  await page.keyboard.press('Enter');
}

it('says that there is no coupon, and makes one by the keyboard alone', async () => {
  await withPage(async (page) => {
    await shows(page, 'main', 'No coupon yet. Create one.');
    await tabTo(page, '#create');
    await page.keyboard.press('Enter');
    await tabTo(page, '#new-name');
    await page.keyboard.type('<img src=x onerror=alert(1)> & Söhne 쿠폰');
    await tabTo(page, '#new-totalQuantity');
    await page.keyboard.type('300');
    await page.keyboard.press('Enter');
    // A wrong token is refused where it was given, and asked again.
    await page.keyboard.type('wrong-token');
    await page.keyboard.press('Enter');
    await shows(page, '#token-error', 'The application refused this token.');
    await page.keyboard.type(TOKEN);
    await page.keyboard.press('Enter');
    await shows(page, '#coupon-name', '<img src=x onerror=alert(1)> & Söhne 쿠폰');
    await shows(page, '#remaining', '300');
    // The stream may be faster than the answer of the call.
    await eventually(async () => expect(await page.locator('dialog').count()).toBe(0));
    expect(await page.locator('img[src=x]').count()).toBe(0);

    // The token is asked once, and is nowhere but in the memory of the page.
    await tabTo(page, '#toggle');
    await page.keyboard.press('Enter');
    await shows(page, 'dialog', /Nobody can reserve it until it is resumed/);
    await tabTo(page, 'dialog .danger');
    await page.keyboard.press('Enter');
    await shows(page, '#toggle', 'Resume');
    const kept = await page.evaluate<string>(
      'JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])',
    );
    expect(kept).not.toContain(TOKEN);
    await page.reload();
    await page.locator('#toggle').click();
    await page.locator('#token').waitFor();
    await page.keyboard.press('Escape');
    await eventually(async () => expect(await page.locator('dialog').count()).toBe(0));
  });
});

it('names the field that the application does not accept', async () => {
  await withPage(async (page) => {
    await page.click('#create');
    await page.fill('#new-name', 'Too late');
    await page.fill('#new-expiresAt', '2020-01-01T00:00');
    await page.click('dialog button[type=submit]');
    await giveToken(page, TOKEN);
    await shows(page, '#new-expiresAt-error', 'Must be later than the opening');
    expect(await page.locator('#new-expiresAt').evaluate((element) => element.matches(':focus'))).toBe(true);
  });
});

it.each([
  ['en-US', 'Opens: a date and a time of the years 1000 to 9999.', 'Ends: a date and a time'],
  ['ko-KR', '시작: 1000년에서 9999년까지의 날짜와 시각을 적어 주세요.', '종료: 1000년에서'],
])(
  'names the field whose year has five digits, and takes the coupon once it has four (%s)',
  async (locale, opens, ends) => {
    await withPage(
      async (page) => {
        await page.click('#create');
        await page.fill('#new-name', `Of ${locale}`);
        await page.fill('#new-startsAt', '12026-01-01T00:00');
        await page.fill('#new-expiresAt', '12027-01-01T00:00');
        await page.click('dialog button[type=submit]');
        await shows(page, '#new-startsAt-error', opens);
        await shows(page, '#new-expiresAt-error', ends);
        expect(await page.locator('#new-startsAt').evaluate((element) => element.matches(':focus'))).toBe(true);

        await page.fill('#new-startsAt', '2026-01-01T00:00');
        await page.fill('#new-expiresAt', '9999-01-01T00:00');
        await page.click('dialog button[type=submit]');
        await giveToken(page, TOKEN);
        await shows(page, '#coupon-name', `Of ${locale}`);
      },
      '',
      { locale },
    );
  },
);

it('watches a drop of 500 requests until it is sold out, in two tabs over one stream', async () => {
  const { couponId } = await site.api.createCoupon({ name: 'Drop', totalQuantity: 300 });
  await withPage(async (page) => {
    await shows(page, '#remaining', '300');
    const second = await page.context().newPage();
    await second.goto(page.url());
    await shows(second, '#remaining', '300');

    const answers = await inParallel(newUserIds(500), (userId) => site.api.reserve(couponId, userId), 50);
    expect(tally(answers)).toEqual({ 200: 300, '409 COUPON_SOLD_OUT': 200 });
    for (const tab of [page, second]) {
      await shows(tab, '#remaining', /^0$/);
      await shows(tab, '.hero .badge', 'Sold out');
      await shows(tab, '#story', /^Sold out at .*after the first reservation\.$/);
      await shows(tab, '.reasons', /Sold out\s+200/);
      await shows(tab, '.hero [data-part=issued] dd', '300');
      // Not before: the first snapshot of a second stream would be the one that was taken without it.
      await shows(tab, '#instance', 'Streams open: 1,');
    }
    await page.click('#audit');
    await giveToken(page, TOKEN);
    await shows(page, '#verdict', /Everything adds up\.\s+300 coupons are issued to 300 different users/);
  }, `#coupon=${couponId}`);
});

it('pauses and resumes by a button', async () => {
  const { couponId } = await site.api.createCoupon({ name: 'Stop and go' });
  await withPage(async (page) => {
    await shows(page, '#toggle', 'Pause');
    // It asks once, and whoever would rather not has paused nothing.
    await page.click('#toggle');
    await shows(page, 'dialog h2', 'Pause Stop and go?');
    await page.keyboard.press('Escape');
    await eventually(async () => expect(await page.locator('dialog').count()).toBe(0));
    expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ status: 200 });
    await page.click('#toggle');
    await page.click('dialog .danger');
    await giveToken(page, TOKEN);
    await shows(page, '.hero .badge', 'Paused');
    await eventually(async () =>
      expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ error: 'COUPON_INACTIVE' }),
    );
    await page.click('#toggle');
    await shows(page, '.hero .badge', 'Open');
    await eventually(async () => expect(await site.api.reserve(couponId, newUserId())).toMatchObject({ status: 200 }));
  }, `#coupon=${couponId}`);
});

it('shows what failed and tries it again', async () => {
  const { couponId } = await site.api.createCoupon({ name: 'With a failure' });
  const userId = newUserId();
  await plantFailures(site, couponId, [userId]);
  await withPage(async (page) => {
    await shows(page, '#failures-summary', 'wait for a retry: 1.');
    await page.click('#failures');
    await giveToken(page, TOKEN);
    await page.getByRole('button', { name: `Retry for user ${userId}` }).click();
    await shows(page, '.table', 'retried');
    await shows(page, '#failures-summary', 'No failure waits for you.');
    await eventually(async () => expect((await site.api.reservation(couponId, userId)).body.status).toBe('ISSUED'));
  }, `#coupon=${couponId}`);
});

it('shows who changed the coupon, and from what to what', async () => {
  const { couponId } = await site.api.createCoupon({ name: 'Traced', totalQuantity: 7 });
  await site.api.patchCoupon(couponId, { isActive: false });
  await withPage(async (page) => {
    await page.click('#actions');
    await giveToken(page, TOKEN);
    const rows = page.locator('section[aria-labelledby=actions-title] tbody tr');
    await eventually(async () => expect(await rows.count()).toBe(2));
    expect(await rows.first().innerText()).toMatch(/token\s+coupon\.change\s+isActive: true → false\s+done/);
    expect(await rows.last().innerText()).toMatch(/token\s+coupon\.create\s+.*totalQuantity: 7.*\s+done/);
  }, `#coupon=${couponId}`);
});

describe('for everyone', () => {
  it('speaks Korean to a Korean browser on a phone, fits it, and English on demand', async () => {
    const { couponId } = await site.api.createCoupon({ name: '블랙프라이데이 50퍼센트 할인 쿠폰 이름이 아주 긴 경우' });
    const phone = { locale: 'ko-KR', viewport: { width: 390, height: 844 }, colorScheme: 'dark' as const };
    await withPage(
      async (page) => {
        await shows(page, '.live', '실시간');
        await shows(page, '.hero .badge', '진행 중');
        expect(await page.getAttribute('html', 'lang')).toBe('ko');
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
        await page.click('#language');
        await shows(page, '.hero .badge', 'Open');
        await page.reload();
        await shows(page, '.live', 'Live');
      },
      `#coupon=${couponId}`,
      phone,
    );
  });
});
