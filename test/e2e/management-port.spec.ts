import { beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { freePort } from '../../scripts/services/free-port.mjs';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { atEndOfFile } from '../support/cleanup.js';
import { LoadBalancer } from '../support/load-balancer.js';
import { eventually } from '../support/poll.js';
import { RawConnection } from '../support/raw-connection.js';
import { Listener } from '../support/snapshots.js';
import { newUserId } from '../support/unique-ids.js';

/** Two ports of one application: one for everyone, one for operators. */

const FOR_OPERATORS = [
  '/metrics',
  '/dashboard',
  '/dashboard/files/main.js',
  '/dashboard/history/1',
  '/docs',
  '/docs/swagger-ui.css',
  '/docs-json',
];
const HOST = 'host: a\r\n';
const LIVE = `GET /health/live HTTP/1.1\r\n${HOST}`;

let app: AppProcess;
let managementPort: number;

const startWithPort = async (port: number): Promise<AppProcess> =>
  await startApp({ env: { MANAGEMENT_PORT: String(port), LOG_LEVEL: 'info' }, waitFor: '/health/ready' });

beforeAll(async () => {
  managementPort = await freePort();
  app = await startWithPort(managementPort);
});

function operators(path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://127.0.0.1:${managementPort}${path}`, init);
}

describe('the public port', () => {
  it.each([...FOR_OPERATORS, '/%64ashboard', '/docs?x=1', '/docs/nothing.js'])('has no %s', async (path) => {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
      expect([method, (await fetch(app.url + path, { method })).status]).toEqual([method, 404]);
    }
    const [instance] = path.split('?');
    expect(await (await fetch(app.url + path)).json()).toMatchObject({
      code: 'ROUTE_NOT_FOUND',
      instance,
      detail: `There is no GET ${instance}.`,
    });
  });

  it('has the API, the RPC and the health', async () => {
    const api = new ApiClient(app.url);
    const { couponId } = await api.createCoupon();
    expect((await api.reserve(couponId, newUserId())).status).toBe(200);
    expect((await api.audit(couponId)).status).toBe(200);
    const asked = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"campaignId":1}' };
    expect((await fetch(`${app.url}/coupon.v1.CouponService/GetCampaign`, asked)).status).not.toBe(501);
    for (const path of ['/health/live', '/health/ready']) expect((await fetch(app.url + path)).status).toBe(200);
  });
});

describe('the management port', () => {
  it.each([
    '/metrics',
    '/dashboard',
    '/dashboard/files/main.js',
    '/docs',
    '/docs-json',
    '/health/ready',
    '/api/coupons',
  ])('has %s', async (path) => {
    expect((await operators(path)).status).toBe(200);
  });

  it('has the API, which the dashboard calls, with its reservations', async () => {
    const api = new ApiClient(`http://127.0.0.1:${managementPort}`);
    const { couponId } = await api.createCoupon();
    expect((await api.issue(couponId, newUserId())).status).toBe(200);
  });

  it('says where to read what there is, and which methods a path has', async () => {
    expect(await (await operators('/nothing')).json()).toMatchObject({ detail: expect.stringContaining('GET /docs') });
    expect((await operators('/dashboard', { method: 'POST' })).status).toBe(405);
  });

  it.each([
    ['what is no request', 'GARBAGE\r\n\r\n', 400],
    ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n', 400],
    ['two of Host', `${LIVE}host: b\r\nconnection: close\r\n\r\n`, 400],
    ['an expectation', `POST /api/coupons HTTP/1.1\r\n${HOST}expect: tea\r\ncontent-length: 2\r\n\r\n{}`, 417],
    ['a head that is too large', `${LIVE}x: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('answers %s as a problem, and goes on', async (_what, sent, status) => {
    const connection = await RawConnection.open(managementPort);
    const [answer, ...others] = await connection.send(sent).allAnswers();
    expect(others).toEqual([]);
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json; charset=utf-8' } });
    expect((await operators('/health/live')).status).toBe(200);
  });

  it('keeps connections for as long, and does not wait for a request for ever', async () => {
    const port = await freePort();
    const env = { MANAGEMENT_PORT: String(port), HTTP_HEADERS_TIMEOUT_MS: '500', HTTP_TIMEOUT_CHECK_INTERVAL_MS: '50' };
    await startApp({ env });
    const kept = await RawConnection.open(port);
    const [answer] = await kept.send(`${LIVE}\r\n`).nextAnswers(1);
    expect(answer?.headers['keep-alive']).toBe('timeout=72');

    const slow = await RawConnection.open(port);
    expect((await slow.send(LIVE).allAnswers()).map(({ status }) => status)).toEqual([408]);
  });

  it('lets an operator in while the public port has as many connections as it may have', async () => {
    const port = await freePort();
    const env = { MANAGEMENT_PORT: String(port), HTTP_MAX_CONNECTIONS: '3', LOG_LEVEL: 'info' };
    const full = await startApp({ env });
    expect(full.logs).toMatch(/takes up to 3 connections at once, and 3 on the management port; the process/);
    for (let isRefused = false; !isRefused;) {
      const connection = await RawConnection.open(full.port);
      connection.send(`${LIVE}\r\n`);
      await eventually(() => expect(connection.isEnded || connection.answers.length > 0).toBe(true));
      isRefused = connection.isEnded;
    }
    const operator = await RawConnection.open(port);
    expect((await operator.send(`${LIVE}\r\n`).nextAnswers(1))[0]?.status).toBe(200);
  });
});

describe('both', () => {
  it('are named at the start', () => {
    expect(app.logs).toContain(
      `serving http://127.0.0.1:${app.port}, for operators http://127.0.0.1:${managementPort}, under the profile test`,
    );
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('end in time at %s, with what is in hand', async (signal) => {
    const port = await freePort();
    const own = await startWithPort(port);
    const idle = await RawConnection.open(port);
    await idle.send(`${LIVE}\r\n`).nextAnswers(1);
    await RawConnection.open(port);
    const listener = await Listener.open(`http://127.0.0.1:${port}`);
    await listener.next();
    const busy = await RawConnection.open(port);
    busy.send(
      `POST /api/coupons/reserve HTTP/1.1\r\n${HOST}content-type: application/json\r\ncontent-length: 2\r\n\r\n{`,
    );
    // Answered after the unfinished request has arrived, since both go through the same process.
    await fetch(`http://127.0.0.1:${port}/health/live`);

    const exit = own.kill(signal);
    await eventually(() => expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow());
    busy.send('}');

    // After 5 s it would give itself up with code 1, and some time before it would cut what it still waits for.
    expect(await exit).toEqual({ code: 0, signal: null });
    expect(own.logs).not.toContain('are cut');
    expect((await busy.allAnswers()).map(({ status, headers }) => [status, headers['connection']])).toEqual([
      [400, 'close'],
    ]);
  });

  it('do not start when the management port is taken, and say which one that is', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    atEndOfFile(async () => {
      other.close();
    });
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(startWithPort(port)).rejects.toThrow(
      /nothing can listen on management\.port \(MANAGEMENT_PORT\): listen EADDRINUSE: address already in use 127\.0\.0\.1/,
    );
  });
});

describe('behind the load balancer', () => {
  it('the operator gets to the management port, and everyone else to the public one', async () => {
    const balancer = await LoadBalancer.inFrontOf(['127.0.0.1'], app.port, managementPort);
    await balancer.knows({ well: 1 });
    for (const path of ['/dashboard', '/metrics', '/docs', '/api/coupons']) {
      await eventually(async () => expect((await fetch(balancer.inside + path)).status).toBe(200));
    }
    for (const path of FOR_OPERATORS) expect((await fetch(balancer.outside + path)).status).toBe(404);
    expect((await fetch(`${balancer.outside}/api/coupons`)).status).toBe(200);
  });
});
