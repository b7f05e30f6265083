import { beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../../scripts/services/free-port.mjs';
import { type Answer, ApiClient } from '../support/api-client.js';
import { type AppProcess, type Environment, startApp } from '../support/app-process.js';
import { CampaignClient, WAYS } from '../support/campaign-client.js';
import { RawConnection } from '../support/raw-connection.js';
import { IDENTITY_BY_SECRET, TokenIssuer } from '../support/tokens.js';
import { newInt32UserId, newUserId } from '../support/unique-ids.js';

/** How often an address and a user may ask; with windows that do not end while a test runs. */

const MAX = 5;
const HOUR_MS = '3600000';
const LIMITED: Environment = {
  RATE_LIMIT_ENABLED: 'true',
  RATE_LIMIT_ADDRESS_MAX: String(MAX),
  RATE_LIMIT_ADDRESS_WINDOW_MS: HOUR_MS,
};

const forwarded = (address: string) => ({ 'x-forwarded-for': address });

async function statuses(app: AppProcess, count: number, headers: Record<string, string> = {}): Promise<number[]> {
  const all: number[] = [];
  for (let asked = 0; asked < count; asked += 1) all.push((await fetch(`${app.url}/api/coupons`, { headers })).status);
  return all;
}

const served = (count: number): number[] => Array.from({ length: count }, () => 200);

describe('an address', () => {
  let app: AppProcess;
  let managementPort: number;

  beforeAll(async () => {
    managementPort = await freePort();
    app = await startApp({ env: { ...LIMITED, MANAGEMENT_PORT: String(managementPort) }, waitFor: '/health/ready' });
    expect(await statuses(app, MAX + 1)).toEqual([...served(MAX), 429]);
  });

  it('that asks too often hears a problem, and when to come again: up to a quarter later than needed', async () => {
    const response = await fetch(`${app.url}/api/coupons`);
    expect(response.status).toBe(429);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.json()).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
    const seconds = Number(response.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(3_600 * 1.25);
  });

  it('hears it before its body is read, and whatever it asks for', async () => {
    const connection = await RawConnection.open(app.port);
    const head = 'POST /api/coupons/reserve HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';
    const [answer] = await connection.send(`${head}content-length: 1000\r\n\r\n{`).nextAnswers(1);
    expect(answer?.status).toBe(429);
    for (const path of ['/nothing', '/api/coupons/1/audit', '/dashboard']) {
      expect([path, (await fetch(app.url + path)).status]).toEqual([path, 429]);
    }
  });

  it('hears it in the words of the RPC', async () => {
    for (const client of CampaignClient.inEveryWay(app.url)) {
      expect((await client.issue(1, newInt32UserId())).outcome).toBe('resource_exhausted RATE_LIMITED');
    }
  });

  it('may say to be another one in vain, and the log warns once of a proxy that is not trusted', async () => {
    expect(await statuses(app, 2, forwarded('192.0.2.1'))).toEqual([429, 429]);
    expect(await statuses(app, 1, { forwarded: 'for=192.0.2.2' })).toEqual([429]);
    expect(app.logs.match(/came through a proxy at 127\.0\.0\.1 that http\.trustProxy/g)).toHaveLength(1);
  });

  it('is not refused the health, nor anything on the management port', async () => {
    for (const path of ['/health/live', '/health/ready']) {
      for (let asked = 0; asked <= MAX; asked += 1) expect((await fetch(app.url + path)).status).toBe(200);
    }
    for (let asked = 0; asked <= MAX; asked += 1) {
      expect((await fetch(`http://127.0.0.1:${managementPort}/api/coupons`)).status).toBe(200);
    }
  });

  it('is counted and logged', async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${managementPort}/metrics`)).text();
    expect(Number(/^firstcome_rate_limited_total\{kind="address"\} (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
    expect(metrics).toContain('firstcome_rate_limited_total{kind="user"} 0');
    expect(app.logs).toMatch(/the address 127\.0\.0\.1 asked more than 5 times within 3600000 ms, answering 429/);
  });
});

describe('behind a proxy that is trusted', () => {
  let app: AppProcess;

  beforeAll(async () => {
    const env = { ...LIMITED, HTTP_TRUST_PROXY: '127.0.0.1/32,10.0.0.0/8' };
    app = await startApp({ env, waitFor: '/health/ready' });
  });

  it('each caller is an address of its own, whatever it says itself', async () => {
    expect(await statuses(app, MAX, forwarded('192.0.2.1'))).toEqual(served(MAX));
    expect(await statuses(app, 1, forwarded('198.51.100.7, 192.0.2.1'))).toEqual([429]);
    expect(await statuses(app, 1, forwarded('192.0.2.1, 10.1.2.3'))).toEqual([429]);
    expect(await statuses(app, 1, forwarded('192.0.2.2'))).toEqual([200]);
    expect(app.logs).not.toContain('came through a proxy');
  });

  it('a /64 of IPv6 is one address, and the next one another', async () => {
    for (let host = 1; host <= MAX; host += 1) {
      expect(await statuses(app, 1, forwarded(`2001:db8:0:1::${host}`))).toEqual([200]);
    }
    expect(await statuses(app, 1, forwarded('2001:db8:0:1:ffff::1'))).toEqual([429]);
    expect(await statuses(app, 1, forwarded('2001:db8:0:2::1'))).toEqual([200]);
  });

  it('an IPv4 address within IPv6 is the IPv4 address', async () => {
    expect(await statuses(app, MAX, forwarded('192.0.2.50'))).toEqual(served(MAX));
    expect(await statuses(app, 1, forwarded('::ffff:192.0.2.50'))).toEqual([429]);
    expect(await statuses(app, 1, forwarded('::ffff:192.0.2.51'))).toEqual([200]);
  });
});

describe('a user with a token', () => {
  const issuer = TokenIssuer.bySecret();
  let app: AppProcess;
  let api: ApiClient;
  let couponId: number;

  beforeAll(async () => {
    const limits = { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_USER_MAX: '5', RATE_LIMIT_USER_WINDOW_MS: HOUR_MS };
    app = await startApp({ env: { ...IDENTITY_BY_SECRET, ...limits }, waitFor: '/health/ready' });
    api = new ApiClient(app.url);
    ({ couponId } = await api.createCoupon());
  });

  /** Every way to ask for the coupon. */
  function asks(headers: Record<string, string>, userId: number): Array<() => Promise<Answer<unknown>>> {
    const post = (path: string, body?: object) => () => api.call(path, { method: 'POST', body, headers });
    return [
      post(`/api/coupons/${couponId}/reserve`, { userId }),
      post('/api/coupons/reserve', { couponId, userId }),
      post(`/api/coupons/${couponId}/issue`, { userId }),
      post('/api/coupons/issue', { couponId, userId }),
      post(`/coupons/${userId}/issue-async?couponId=${couponId}`),
    ];
  }

  it('may ask for coupons so often, in whichever way, and read as often as it likes', async () => {
    const userId = newInt32UserId();
    const token = await issuer.ofUser(userId);
    const headers = { authorization: `Bearer ${token}` };
    for (const ask of asks(headers, userId)) expect((await ask()).status).not.toBe(429);
    for (const ask of asks(headers, userId)) expect(await ask()).toMatchObject({ status: 429, error: 'RATE_LIMITED' });
    for (const way of WAYS) {
      const { outcome } = await new CampaignClient(app.url, way, token).issue(couponId, userId);
      expect(outcome).toBe('resource_exhausted RATE_LIMITED');
    }
    expect((await api.call(`/api/coupons/${couponId}/reservations/${userId}`, { headers })).status).toBe(200);

    // Nobody else is refused for it.
    const other = newUserId();
    const [ask] = asks({ authorization: `Bearer ${await issuer.ofUser(other)}` }, other);
    expect((await ask?.())?.status).toBe(200);
  });

  it('is none where a service asks for many', async () => {
    const headers = { authorization: `Bearer ${await issuer.ofService('coupon:act')}` };
    for (let asked = 0; asked < 12; asked += 1) {
      const [ask] = asks(headers, newUserId());
      expect((await ask?.())?.status).toBe(200);
    }
  });
});

it('nobody is limited unless it is wanted', async () => {
  const app = await startApp({ env: { ...LIMITED, RATE_LIMIT_ENABLED: 'false' }, waitFor: '/health/ready' });
  expect(await statuses(app, 2 * MAX, forwarded('192.0.2.1'))).toEqual(served(2 * MAX));
  expect(app.logs).not.toContain('came through a proxy');
});
