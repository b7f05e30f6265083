import { beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { INSTALLING_MS, openBrowser, openWindow } from '../support/browser.js';
import { atEndOfFile } from '../support/cleanup.js';
import { RawConnection } from '../support/raw-connection.js';
import { newUserId } from '../support/unique-ids.js';

/** What pages of other origins may ask. */

const SHOP = 'https://shop.example';
const OTHER = 'https://other.example';
const CORS = /^access-control-/;

let app: AppProcess;
/** Where no origin is allowed. */
let closed: AppProcess;
let couponId: number;

beforeAll(async () => {
  [app, closed] = await Promise.all([
    startApp({ env: { HTTP_CORS_ORIGINS: `${SHOP},https://m.shop.example` }, waitFor: '/health/ready' }),
    startApp(),
  ]);
  ({ couponId } = await new ApiClient(app.url).createCoupon());
});

function preflight(path: string, origin: string, { url } = app): Promise<Response> {
  return fetch(url + path, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'idempotency-key' },
  });
}

function corsHeadersOf({ headers }: Response): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => CORS.test(name)));
}

const listed = (headers: Headers, name: string): string[] => headers.get(name)?.toLowerCase().split(', ') ?? [];

describe('an origin that is listed', () => {
  it('hears before a call what it may send', async () => {
    const { status, headers } = await preflight(`/api/coupons/${couponId}/reserve`, SHOP);

    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(SHOP);
    expect(headers.get('vary')).toContain('Origin');
    expect(headers.get('access-control-max-age')).toBe('600');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(listed(headers, 'access-control-allow-methods')).toEqual(['get', 'head', 'post', 'put', 'patch', 'delete']);
    expect(listed(headers, 'access-control-allow-headers')).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'idempotency-key', 'entry-ticket', 'prefer']),
    );
    expect(headers.has('access-control-allow-credentials')).toBe(false);
  });

  it.each<[what: string, status: number, path: string, init?: RequestInit]>([
    ['an answer', 200, '/api/coupons'],
    ['a refusal', 404, '/api/coupons/9007199254740991'],
    ['a path that is not there', 404, '/nothing'],
    ['a method that is not there', 405, '/api/coupons', { method: 'DELETE' }],
    ['the RPC', 415, '/coupon.v1.CouponService/GetCampaign', { method: 'POST', body: '{' }],
  ])('may read %s (%i)', async (_what, status, path, init = {}) => {
    const response = await fetch(app.url + path, { ...init, headers: { origin: SHOP } });

    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe(SHOP);
    expect(response.headers.get('vary')).toContain('Origin');
    expect(listed(response.headers, 'access-control-expose-headers')).toEqual(
      expect.arrayContaining(['location', 'retry-after', 'x-request-id', 'preference-applied']),
    );
  });

  it('may read the OpenAPI document, which a cache keeps apart for each', async () => {
    const { headers } = await fetch(`${app.url}/docs-json`, { headers: { origin: SHOP } });
    expect(listed(headers, 'vary')).toEqual(['origin', 'accept-encoding']);
  });

  it('hears 405 where it asks by OPTIONS for anything else', async () => {
    const response = await fetch(`${app.url}/api/coupons`, { method: 'OPTIONS' });
    expect(response.status).toBe(405);
    expect(listed(response.headers, 'allow').toSorted()).toEqual(['get', 'head', 'post']);
  });
});

describe('an origin that is not', () => {
  it.each([
    ['here', () => app],
    ['where none is', () => closed],
  ])('hears nothing of CORS (%s)', async (_where, target) => {
    const asked = await preflight('/api/coupons', OTHER, target());
    expect([asked.status, corsHeadersOf(asked)]).toEqual([405, {}]);
    expect((await preflight('/nothing', OTHER, target())).status).toBe(404);

    const called = await fetch(`${target().url}/api/coupons`, { headers: { origin: OTHER } });
    expect([called.status, corsHeadersOf(called)]).toEqual([200, {}]);
  });

  it.each([`${SHOP}.evil.example`, `${SHOP}:8443`, 'http://shop.example', 'null', SHOP.toUpperCase()])(
    'is also %s',
    async (origin) => {
      expect(corsHeadersOf(await fetch(`${app.url}/health/live`, { headers: { origin } }))).toEqual({});
    },
  );
});

it('answers many preflights in a row on one connection in order, and those of others meanwhile', async () => {
  const connection = await RawConnection.open(app.port);
  const head = `OPTIONS /api/coupons HTTP/1.1\r\nhost: a\r\norigin: ${SHOP}\r\naccess-control-request-method: POST\r\n`;
  const COUNT = 20_000;
  connection.stopReading();
  connection.send(`${head}\r\n`.repeat(COUNT - 1), `${head}connection: close\r\n\r\n`);
  expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
  expect(await connection.countToEnd('HTTP/1.1 204 ')).toBe(COUNT);
});

describe('issue-async, for which a browser asks nobody before', () => {
  it.each([
    ['another site', OTHER],
    ['another site that hides its origin', 'null'],
    ['another site that has none', undefined],
  ])('is refused to a page of %s', async (_what, origin) => {
    expect(await issueAsync('cross-site', origin)).toEqual([403, 'FORBIDDEN']);
  });

  it.each([
    ['a page of a listed origin', 'cross-site', SHOP],
    ['a page of the same site', 'same-site', OTHER],
    ['a page of ours', 'same-origin', OTHER],
    ['whoever is no browser', undefined, undefined],
  ])('is there for %s', async (_what, site, origin) => {
    expect(await issueAsync(site, origin)).toEqual([202, undefined]);
  });
});

describe('a browser', () => {
  it(
    'lets a listed page reserve and read where that is; another one may read nothing, and send no form',
    async () => {
      const [browser, listedOrigin, otherOrigin] = await Promise.all([openBrowser(), pageOrigin(), pageOrigin()]);
      const own = await startApp({ env: { HTTP_CORS_ORIGINS: listedOrigin }, waitFor: '/health/ready' });
      const reserve = (userId: number) => `
        fetch('${own.url}/api/coupons/${couponId}/reserve', {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: 'Bearer x' },
          body: JSON.stringify({ userId: ${userId} }),
        }).then((response) => [response.status, response.headers.get('location')], (error) => error.name)`;
      // A window each: a form on its way would keep its page from going anywhere else.
      const open = async (url: string) => (await openWindow(browser, url)).page;
      const userId = newUserId();

      const shop = await open(listedOrigin);
      expect(await shop.evaluate(reserve(userId))).toEqual([200, `/api/coupons/${couponId}/reservations/${userId}`]);
      // A form sends it without asking, from another site: for a browser localhost is one.
      const cross = newUserId();
      const otherSite = await open(listedOrigin.replace('127.0.0.1', 'localhost'));
      const sent = otherSite.waitForResponse(/issue-async/);
      await otherSite.evaluate(`
        document.body.innerHTML =
          '<form method="post" action="${own.url}/coupons/${cross}/issue-async?couponId=${couponId}">';
        document.forms[0].submit()`);
      expect((await sent).status()).toBe(403);
      const other = await open(otherOrigin);
      expect(await other.evaluate(reserve(newUserId()))).toBe('TypeError');
    },
    INSTALLING_MS,
  );
});

/** A page of an origin of its own, on which a script calls the API. */
async function pageOrigin(): Promise<string> {
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>shop'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEndOfFile(async () => {
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Issue-async as a browser sends it that says where the page is from. */
async function issueAsync(site: string | undefined, origin?: string): Promise<[number, string | undefined]> {
  const headers = {
    ...(site !== undefined && { 'sec-fetch-site': site }),
    ...(origin !== undefined && { origin }),
  };
  const path = `/coupons/${newUserId()}/issue-async?couponId=${couponId}`;
  const { status, error } = await new ApiClient(app.url).call(path, { method: 'POST', headers });
  return [status, error];
}
