import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import mysql from 'mysql2/promise';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type Answer, tally } from '../support/api-client.js';
import { INSTALLING_MS, openBrowser, shows, showsNothing, withDashboard } from '../support/browser.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { Shop } from '../support/shop.js';
import { Site } from '../support/site.js';
import { newUserId } from '../support/unique-ids.js';

/**
 * What the live page says while something is away: each sentence about who is refused, beside what callers hear at that
 * very time.
 */

/** Who waits for a MySQL that does not answer is told so soon. */
const IMPATIENT = {
  DATABASE_STATEMENT_TIMEOUT_MS: '500',
  DATABASE_ACQUIRE_TIMEOUT_MS: '500',
  REDIS_COMMAND_TIMEOUT_MS: '250',
};

let site: Site;
let browser: Browser;
let shop: Shop;

beforeAll(async () => {
  [site, browser] = await Promise.all([Site.open(IMPATIENT), openBrowser()]);
  shop = new Shop(site.api, site.database);
}, INSTALLING_MS);

beforeEach(async () => {
  await site.isServing();
});

function withPage(work: (page: Page) => Promise<void>, hash = '', options: BrowserContextOptions = {}): Promise<void> {
  return withDashboard(browser, site, work, { hash, options });
}

/** Coupons of each kind, and users: one who was looked up before, and others. */
async function aShop() {
  const [registered, anyone, lock, before] = await inParallel(
    [
      { audience: 'registered' as const },
      {},
      { strategy: 'lock' as const, audience: 'anyone' as const },
      { audience: 'registered' as const },
    ],
    async (overrides) => (await site.api.createCoupon(overrides)).couponId,
  );
  const known = await shop.user(10_000);
  const fresh = await shop.user();
  const productId = await shop.product();
  expect(await site.api.issue(before ?? 0, known)).toMatchObject({ status: 200 });
  const { api } = site;
  const calls = {
    known: () => api.reserve(registered ?? 0, known),
    fresh: () => api.reserve(registered ?? 0, fresh),
    anyone: () => api.reserve(anyone ?? 0, newUserId()),
    lock: () => api.reserve(lock ?? 0, newUserId()),
    charge: () => shop.charge(known, { amount: 1000 }),
    order: () => shop.placeOrder({ userId: known, items: [{ productId, quantity: 1 }] }),
    pause: () => api.patchCoupon(before ?? 0, { isActive: false }),
  };
  return { registered: registered ?? 0, anyone: anyone ?? 0, lock: lock ?? 0, calls };
}

/** All at once: most of them wait for the same server. */
async function heardBy(
  calls: Record<string, () => Promise<Answer<unknown>>>,
): Promise<Record<string, number | string>> {
  const heard = await inParallel(Object.entries(calls), async ([name, call]) => {
    const { status, error } = await call();
    return [name, error ?? status] as const;
  });
  return Object.fromEntries(heard);
}

describe('while MySQL does not answer', () => {
  it('the page says who is refused, counts them, and says how old its numbers are', async () => {
    const { registered, lock, calls } = await aShop();
    await withPage(async (page) => {
      await shows(page, '#story', 'Open. Waiting for reservations.');
      await site.mysqlServer.freeze();
      try {
        await shows(page, '#notices', /MySQL is down \((TIMEOUT: no answer in time|UNREACHABLE: no connection)\)\./);
        await shows(
          page,
          '#notices',
          /Refused until it is back: new users of coupons for registered users, coupons by/,
        );
        await shows(page, '#health', /MySQL\s+down.*Reservations\s+admitted in part/s);
        await shows(page, '#age', /^What MySQL knows is shown as of \d+ s ago: .*GMT\+9/);
        await shows(page, '#story', 'users who were looked up lately reserve and stay pending; new ones are refused');
        expect(await heardBy(calls)).toEqual({
          known: 200,
          anyone: 200,
          fresh: 'DATABASE_UNAVAILABLE',
          lock: 'DATABASE_UNAVAILABLE',
          charge: 'DATABASE_UNAVAILABLE',
          order: 'DATABASE_UNAVAILABLE',
          pause: 'DATABASE_UNAVAILABLE',
        });
        await shows(page, '.reasons', /^MySQL away, or too busy\s+1$/);
        await shows(page, '#tile-refused', /1 in all/);
        await shows(page, '.hero [data-part=pending] dd', '1');
        await page.goto(`${site.app.url}/dashboard#coupon=${lock}`);
        await shows(page, '#story', 'Nobody can get it while MySQL is away.');
        await shows(page, '.reasons', /^MySQL away, or too busy\s+1$/);
      } finally {
        await site.mysqlServer.thaw();
      }
      await showsNothing(page, '#notices');
      await showsNothing(page, '#age');
    }, `#coupon=${registered}`);
  });

  it('but for reading, the page says that only what is written is refused', async () => {
    const { registered, calls } = await aShop();
    const administrator = await mysql.createConnection(site.mysqlServer.url);
    await withPage(async (page) => {
      await shows(page, '.live', 'Live');
      await administrator.query('FLUSH TABLES WITH READ LOCK');
      try {
        await shows(page, '#notices', /MySQL takes no writes \(.*Refused until it does: coupons by row lock, charges/);
        await shows(page, '#health', /MySQL\s+down.*Reservations\s+admitted$/s);
        await shows(page, '#story', 'While MySQL is away, reservations go on and stay pending.');
        await showsNothing(page, '#age');
        expect(await heardBy(calls)).toMatchObject({
          known: 200,
          anyone: 200,
          fresh: 200,
          lock: 'DATABASE_UNAVAILABLE',
          charge: 'DATABASE_UNAVAILABLE',
          order: 'DATABASE_UNAVAILABLE',
          pause: 'DATABASE_UNAVAILABLE',
        });
      } finally {
        await administrator.end();
      }
      await showsNothing(page, '#notices');
    }, `#coupon=${registered}`);
  });
});

describe('while Redis does not answer', () => {
  it('the page says that reservations are refused, counts them, and says what goes on', async () => {
    const { anyone, calls } = await aShop();
    await withPage(async (page) => {
      await shows(page, '#story', 'Open. Waiting for reservations.');
      await site.redisServer.freeze();
      try {
        await shows(page, '#notices', /Redis is down \((TIMEOUT: no answer in time|UNREACHABLE: no connection)\)\./);
        await shows(
          page,
          '#notices',
          /every reservation, but for coupons by row lock\. Orders, payments and charges go on/,
        );
        await shows(
          page,
          '#notices',
          /The ranking (comes from its backup|is added up from the orders|comes from memory)\./,
        );
        await shows(page, '#health', /Redis\s+down.*Reservations\s+refused/s);
        await shows(page, '#story', 'Nobody can reserve while Redis is away.');
        expect(await heardBy(calls)).toEqual({
          known: 'RESERVATION_UNAVAILABLE',
          fresh: 'RESERVATION_UNAVAILABLE',
          anyone: 'RESERVATION_UNAVAILABLE',
          lock: 200,
          charge: 200,
          order: 201,
          pause: 200,
        });
        await shows(page, '.reasons', /^Redis away, or being rebuilt\s+1$/);
      } finally {
        await site.redisServer.thaw();
      }
      await showsNothing(page, '#notices');
      await shows(page, '#story', 'Open. Waiting for reservations.');
    }, `#coupon=${anyone}`);
  });
});

describe('while neither answers', () => {
  it('the page says so of both, in Korean too', async () => {
    const { anyone, calls } = await aShop();
    await withPage(
      async (page) => {
        await shows(page, '.live', '실시간');
        await site.mysqlServer.freeze();
        await site.redisServer.freeze();
        try {
          await shows(
            page,
            '#notices',
            /^Redis\((TIMEOUT|UNREACHABLE): .+\)와 MySQL\((TIMEOUT|UNREACHABLE): .+\)이 모두/,
          );
          const others = Object.entries(await heardBy(calls)).filter(
            ([, heard]) => heard !== 'RESERVATION_UNAVAILABLE' && heard !== 'DATABASE_UNAVAILABLE',
          );
          expect(others).toEqual([]);
          await page.click('#language');
          await shows(page, '#notices', /Refused until they are back: every reservation, charge, order and payment\./);
        } finally {
          await site.redisServer.thaw();
          await site.mysqlServer.thaw();
        }
        await showsNothing(page, '#notices');
      },
      `#coupon=${anyone}`,
      { locale: 'ko-KR' },
    );
  });
});

describe('when the connection is lost', () => {
  /** What is written or drawn in the colour of what is well. */
  const GREEN = `(() => {
    const probe = document.body.appendChild(document.createElement('span'));
    probe.style.color = 'var(--good)';
    const { color } = getComputedStyle(probe);
    probe.remove();
    return [...document.querySelectorAll('.live, .health li, .health .mark, .badge, .source')]
      .filter((element) => getComputedStyle(element).color === color)
      .map((element) => element.className || element.innerText);
  })()`;

  it('nothing stays green, and what is shown says how old it is, and grows older', async () => {
    const { anyone } = await aShop();
    await withPage(async (page) => {
      await shows(page, '.hero .badge', 'Open');
      expect(await page.evaluate<string[]>(GREEN)).not.toEqual([]);
      site.app.freeze();
      await shows(page, '.live', 'Connection lost');
      await shows(page, '#notices', /Connection lost\. What you see is from .*GMT\+9/);
      expect(await page.evaluate<string[]>(GREEN)).toEqual([]);
      expect(await page.locator('.health [data-up=unknown]').count()).toBe(3);
      await shows(page, '#ranking-source', 'not known at the moment');
      const ages = new Set<string>();
      await eventually(async () => {
        const age = /^What is shown is as of (\d+ s) ago\.$/.exec(await page.locator('#age').innerText());
        ages.add(age?.[1] ?? 'unknown');
        expect(ages.size).toBeGreaterThan(2);
      });
      expect([...ages]).not.toContain('unknown');

      site.app.thaw();
      await shows(page, '.live', 'Live');
      await showsNothing(page, '#notices');
      await showsNothing(page, '#age');
      await eventually(async () => expect(await page.locator('.health [data-up=true]').count()).toBe(3));
    }, `#coupon=${anyone}`);
  });
});

describe('a time', () => {
  it('is that of the business, with that of the browser beside it where the two differ', async () => {
    const { couponId } = await site.api.createCoupon({
      startsAt: '2026-01-20T03:00:00Z',
      expiresAt: '9026-01-20T03:00:00Z',
    });
    const look = async (timezoneId: string): Promise<string[]> => {
      const seen: string[] = [];
      await withPage(
        async (page) => {
          await shows(page, '.facts', 'Coupon');
          await page.click('#create');
          for (const place of ['.facts', '#zone', 'dialog .hint'])
            seen.push(await page.locator(place).first().innerText());
        },
        `#coupon=${couponId}`,
        { timezoneId },
      );
      return seen;
    };
    expect(await look('Asia/Tokyo')).toEqual([
      expect.stringMatching(/ Jan 20, 2026, 12:00 GMT\+9 – Jan 20, 9026, 12:00 GMT\+9$/),
      'Asia/Seoul, GMT+9',
      'In the time zone of this browser, Asia/Tokyo.',
    ]);
    expect(await look('America/Phoenix')).toEqual([
      expect.stringMatching(/12:00 GMT\+9 – .*, 12:00 GMT\+9 \(Jan 19, 2026, 20:00 MST – Jan 19, 9026, 20:00 MST\)$/),
      'Asia/Seoul, GMT+9 (here MST)',
      expect.stringMatching(/^In the time zone of this browser, America\/Phoenix\. That is .*GMT\+9\.$/),
    ]);
  });
});

it('counts who is not registered', async () => {
  const { registered } = await aShop();
  const answers = await inParallel([newUserId(), newUserId()], (userId) => site.api.reserve(registered, userId));
  expect(tally(answers)).toEqual({ '404 USER_NOT_FOUND': 2 });
  await withPage((page) => shows(page, '.reasons', /^Not registered\s+2$/), `#coupon=${registered}`);
});
