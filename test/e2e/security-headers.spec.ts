import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { INSTALLING_MS, openBrowser, shows, withWindow } from '../support/browser.js';
import { issueBytes, WAYS } from '../support/campaign-client.js';
import { RawConnection } from '../support/raw-connection.js';
import { newInt32UserId, newUserId } from '../support/unique-ids.js';

/** What a browser is told about every answer, whoever gives it. */

const NO_PAGE = "default-src 'none'; frame-ancestors 'none'";
const OF_ALL = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};
const JSON_TYPE = { 'content-type': 'application/json' };
const HOST = 'host: a\r\n';
const LAST = 'connection: close\r\n';

let app: AppProcess;
let browser: Browser;
let couponId: number;
/** Of someone who has a reservation. */
let userId: number;

beforeAll(async () => {
  [app, browser] = await Promise.all([startApp({ waitFor: '/health/ready' }), openBrowser()]);
  const api = new ApiClient(app.url);
  ({ couponId } = await api.createCoupon());
  userId = newUserId();
  await api.reserve(couponId, userId);
}, INSTALLING_MS);

type Headers = Readonly<Record<string, string>>;

/** The headers of an answer, which must have this status; one that goes on is hung up on. */
async function headersOf(status: number, path: string, init: RequestInit = {}): Promise<Headers> {
  const hangUp = new AbortController();
  const response = await fetch(app.url + path, { ...init, signal: hangUp.signal });
  hangUp.abort();
  expect(response.status).toBe(status);
  return Object.fromEntries(response.headers);
}

async function headersOfRaw(status: number, sent: string | Buffer, { port } = app): Promise<Headers> {
  const connection = await RawConnection.open(port);
  const [answer] = await connection.send(sent).nextAnswers(1);
  expect(answer?.status).toBe(status);
  return answer?.headers ?? {};
}

function post(path: string, body: string, headers: Record<string, string> = JSON_TYPE): readonly [string, RequestInit] {
  return [path, { method: 'POST', body, headers }];
}

describe('what is no page', () => {
  const fetched: ReadonlyArray<[what: string, status: number, request: () => readonly [string, RequestInit?]]> = [
    ['an answer', 200, () => ['/api/coupons']],
    ['a head', 200, () => ['/api/coupons', { method: 'HEAD' }]],
    ['a reservation', 200, () => post(`/api/coupons/${couponId}/reserve`, `{"userId":${newUserId()}}`)],
    ['a refusal of a value', 400, () => ['/api/coupons/none']],
    ['a refusal of a body', 400, () => post(`/api/coupons/${couponId}/reserve`, '{')],
    ['a URL that is none', 400, () => ['/%zz']],
    ['a call without the token', 401, () => post('/api/coupons', '{}')],
    ['a coupon that is not there', 404, () => ['/api/coupons/9007199254740991']],
    ['a path that is not there', 404, () => ['/nothing']],
    ['a file of the live page that is not there', 404, () => ['/dashboard/files/none.js']],
    ['a method that is not there', 405, () => ['/api/coupons', { method: 'DELETE' }]],
    ['a body that is too large', 413, () => post('/api/coupons/reserve', ' '.repeat(70_000))],
    ['a body of another type', 415, () => post('/api/coupons/reserve', 'x', { 'content-type': 'text/plain' })],
    ['the events of a reservation', 200, () => [`/api/coupons/${couponId}/reservations/${userId}/events`]],
    ['the stream of the live page', 200, () => ['/dashboard/events']],
    ['the OpenAPI document', 200, () => ['/docs-json']],
    ['the metrics', 200, () => ['/metrics']],
    ['the health', 200, () => ['/health/live']],
    ['the health of what it needs', 200, () => ['/health/ready']],
    ['a call of the RPC that is not there', 501, () => post('/coupon.v1.CouponService/None', '{}')],
    ['a message that is none', 400, () => post('/coupon.v1.CouponService/GetCampaign', '{')],
  ];

  it.each(fetched)('%s (%i) may not be taken for one', async (_what, status, request) => {
    expect(await headersOf(status, ...request())).toMatchObject({ ...OF_ALL, 'content-security-policy': NO_PAGE });
  });

  const raw: ReadonlyArray<[what: string, status: number, sent: string]> = [
    ['what is no request', 400, 'GARBAGE\r\n\r\n'],
    ['a request without a Host', 400, `GET /health/live HTTP/1.1\r\n${LAST}\r\n`],
    ['what is asked for in the form of no path', 404, `GET *api/coupons HTTP/1.1\r\n${HOST}${LAST}\r\n`],
    ['a tunnel', 400, 'CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n'],
    ['an expectation', 417, `POST /api/coupons HTTP/1.1\r\n${HOST}expect: tea\r\ncontent-length: 2\r\n\r\n{}`],
    ['a head that is too large', 431, `GET /health/live HTTP/1.1\r\n${HOST}x: ${'x'.repeat(20_000)}\r\n\r\n`],
  ];

  it.each(raw)('%s (%i), over a socket, may not be taken for one either', async (_what, status, sent) => {
    expect(await headersOfRaw(status, sent)).toMatchObject({ ...OF_ALL, 'content-security-policy': NO_PAGE });
  });

  it('a head that does not arrive (408), neither', async () => {
    const impatient = await startApp({
      env: { HTTP_HEADERS_TIMEOUT_MS: '500', HTTP_TIMEOUT_CHECK_INTERVAL_MS: '50' },
    });
    const headers = await headersOfRaw(408, `GET /health/live HTTP/1.1\r\n${HOST}`, impatient);
    expect(headers).toMatchObject({ ...OF_ALL, 'content-security-policy': NO_PAGE });
  });

  it.each(WAYS)('nor what the RPC answers by %s', async (way) => {
    const headers = await headersOfRaw(200, issueBytes(way, couponId, newInt32UserId()));
    expect(headers).toMatchObject({ ...OF_ALL, 'content-security-policy': NO_PAGE });
  });
});

describe('a page', () => {
  it.each([
    ['/dashboard', 'text/html'],
    ['/dashboard/files/main.js', 'text/javascript'],
    ['/dashboard/files/style.css', 'text/css'],
    ['/docs', 'text/html'],
    ['/docs/swagger-ui-init.js', 'application/javascript'],
    ['/docs/swagger-ui-bundle.js', 'application/javascript'],
    ['/docs/swagger-ui.css', 'text/css'],
  ])('%s loads what is ours alone, and is shown in no frame', async (path, type) => {
    const headers = await headersOf(200, path);
    expect(headers).toMatchObject({ ...OF_ALL, 'content-type': expect.stringContaining(type) });
    const policy = headers['content-security-policy'];
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'.*; frame-ancestors 'none'$/);
    expect(policy).not.toMatch(/\*|https?:|unsafe-eval/);
  });

  it('is not forbidden to do what it has to: the live page is live', async () => {
    await withWindow(browser, `${app.url}/dashboard#coupon=${couponId}`, async (page) => {
      await shows(page, '.live', 'Live');
      await shows(page, '#coupon-name', 'Test coupon');
      await page.locator('canvas').first().waitFor();
    });
  });

  it('nor are the docs: a call is tried out on them', async () => {
    await withWindow(browser, `${app.url}/docs`, async (page) => {
      await shows(page, '.info .title', 'firstcome');
      const call = page.locator('#operations-Health-Health_live, [id$="Health_live"]').first();
      await call.locator('.opblock-summary-control').click();
      await call.locator('.try-out__btn').click();
      await call.locator('.execute').click();
      await call.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
    });
  });

  it('is not shown in the frame of a page of somebody else', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const refusals: string[] = [];
    page.on('console', (message) => refusals.push(message.text()));
    await page.setContent(`<iframe src="${app.url}/docs"></iframe><iframe src="${app.url}/dashboard"></iframe>`, {
      waitUntil: 'load',
    });
    expect(refusals.filter((text) => text.includes("frame-ancestors 'none'"))).toHaveLength(2);
    await context.close();
  });
});

describe('Strict-Transport-Security', () => {
  it('is not said unless it is wanted', async () => {
    expect(await headersOf(200, '/health/live')).not.toHaveProperty('strict-transport-security');
  });

  it('is said for as long as it is wanted', async () => {
    const own = await startApp({ env: { HTTP_HSTS_MAX_AGE_SECONDS: '31536000' } });
    for (const path of ['/health/live', '/nothing', '/dashboard']) {
      const { headers } = await fetch(own.url + path);
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
    }
  });
});
