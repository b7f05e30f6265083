import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { inParallel } from '../support/in-parallel.js';
import { eventuallyShows, Scrape } from '../support/metrics.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

const HTTP = 'firstcome_http_request_duration_seconds_count';
const RESERVE = { method: 'POST', route: '/api/coupons/:couponId/reserve' };

let app: AppProcess;
let api: ApiClient;

beforeAll(async () => {
  app = await startApp({ waitFor: '/health/ready' });
  api = new ApiClient(app.url);
});

/** What has been added to each of these samples by `work`. */
async function increases(
  work: () => Promise<unknown>,
  ...samples: Array<[string, Record<string, string>]>
): Promise<number[]> {
  const before = await Scrape.of(app);
  await work();
  const after = await Scrape.of(app);
  return samples.map(([name, labels]) => (after.value(name, labels) ?? 0) - (before.value(name, labels) ?? 0));
}

describe('the duration of calls', () => {
  it('is told by route and class of status', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: 7 });
    const calls = () => inParallel(newUserIds(10), (userId) => api.reserve(couponId, userId));
    expect(
      await increases(calls, [HTTP, { ...RESERVE, status_class: '2xx' }], [HTTP, { ...RESERVE, status_class: '4xx' }]),
    ).toEqual([7, 3]);
  });

  it('has its values in the buckets', async () => {
    const scrape = await Scrape.of(app);
    const name = 'firstcome_http_request_duration_seconds';
    const ok = { ...RESERVE, status_class: '2xx' };
    const count = scrape.value(`${name}_count`, ok) as number;
    expect(scrape.value(`${name}_bucket`, { ...ok, le: '+Inf' })).toBe(count);
    const sum = scrape.value(`${name}_sum`, ok) as number;
    expect(sum).toBeGreaterThan(0);
    expect(sum / count).toBeLessThan(60);
    expect(scrape.all(`${name}_bucket`, ok).map(({ value }) => value)).toEqual(
      scrape
        .all(`${name}_bucket`, ok)
        .map(({ value }) => value)
        .sort((a, b) => a - b),
    );
  });

  it('has one label for all that is no route, however many URLs are tried', async () => {
    const unknown = { method: 'any', route: 'unknown', status_class: '4xx' };
    const tryUrls = async () => {
      for (let index = 0; index < 20; index += 1) await fetch(`${app.url}/try/${index}`);
      await fetch(`${app.url}/%zz`);
      await fetch(`${app.url}/health/live`, { method: 'DELETE' });
    };
    expect(await increases(tryUrls, [HTTP, unknown])).toEqual([22]);
    const { text } = await Scrape.of(app);
    expect(text).not.toContain('/try');
  });

  it('counts HEAD by itself, although Fastify makes it of GET', async () => {
    const live = { route: '/health/live', status_class: '2xx' };
    const added = await increases(
      () => fetch(`${app.url}/health/live`, { method: 'HEAD' }),
      [HTTP, { ...live, method: 'HEAD' }],
      [HTTP, { ...live, method: 'GET' }],
    );
    expect(added).toEqual([1, 0]);
  });

  it('counts refusals before the body is read too', async () => {
    const text = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' };
    const added = await increases(
      () => fetch(`${app.url}/api/coupons/1/reserve`, text),
      [HTTP, { ...RESERVE, status_class: '4xx' }],
    );
    expect(added).toEqual([1]);
  });
});

describe('reservations', () => {
  it('are counted and timed by result, and timed until their commit', async () => {
    const { couponId } = await api.createCoupon({ totalQuantity: 2 });
    const [first, second, third] = [newUserId(), newUserId(), newUserId()];
    const results = ['RESERVED', 'ALREADY_RESERVED', 'SOLD_OUT'].map((result) => ({ result }));
    const added = await increases(
      async () => {
        for (const userId of [first, first, second, third]) await api.issue(couponId, userId);
      },
      ...results.map((labels): [string, Record<string, string>] => ['firstcome_reservations_total', labels]),
      ...results.map((labels): [string, Record<string, string>] => [
        'firstcome_reservation_duration_seconds_count',
        labels,
      ]),
      ['firstcome_reservation_to_commit_seconds_count', {}],
      ['firstcome_issued_total', {}],
    );
    expect(added).toEqual([2, 1, 1, 2, 1, 1, 2, 2]);
  });
});

describe('every metric of ours', () => {
  it('follows the conventions of Prometheus', async () => {
    const { text } = await Scrape.of(app);
    const ours = [...text.matchAll(/^# TYPE (firstcome_\S+) (\S+)$/gm)];
    expect(ours.length).toBeGreaterThan(20);
    for (const [, name = '', type] of ours) {
      expect(text).toMatch(new RegExp(`^# HELP ${name} [A-Z0-9].*\\.$`, 'm'));
      expect({ name, isTotal: name.endsWith('_total') }).toEqual({ name, isTotal: type === 'counter' });
      expect(name).toMatch(/^[a-z_]+$/);
      expect(name).not.toMatch(/milliseconds|_ms$|_count$|_sum$|_bucket$/);
    }
  });

  it('says what runs', async () => {
    const [info] = (await Scrape.of(app)).all('firstcome_build_info');
    expect(info).toMatchObject({
      value: 1,
      labels: {
        profile: 'test',
        seeded: 'false',
        node: process.versions.node,
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      },
    });
  });

  it('is there before anything has happened, so that a first failure is seen as an increase', async () => {
    const scrape = await Scrape.of(app);
    for (const reason of ['SOLD_OUT_IN_LEDGER', 'REFUSED_BY_DATABASE']) {
      expect(scrape.value('firstcome_issuance_failures_total', { reason })).toBe(0);
    }
    for (const breaker of ['reservations', 'ranking', 'ranking_backup', 'ranking_database']) {
      expect(scrape.value('firstcome_circuit_breaker_open', { breaker })).toBe(0);
    }
    expect(scrape.value('firstcome_sweeps_total', { result: 'done' })).toBeGreaterThan(0);
    expect(scrape.value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  });
});

describe('with METRICS_ENABLED=false', () => {
  it('nothing is measured for a request', async () => {
    const own = await startApp({ env: { METRICS_ENABLED: 'false' }, waitFor: '/health/ready' });
    const client = new ApiClient(own.url);
    const { couponId } = await client.createCoupon();
    expect((await client.issue(couponId, newUserId())).status).toBe(200);
    // The other process, which measures, has looked at the coupon twice by then.
    await eventuallyShows(app, (looked) =>
      expect(looked.value('firstcome_coupon_drift', { coupon_id: String(couponId) })).toBeDefined(),
    );
    const scrape = await Scrape.of(own);
    expect(scrape.all(HTTP)).toEqual([]);
    expect(scrape.value('firstcome_reservations_total', { result: 'RESERVED' })).toBe(0);
    expect(scrape.value('firstcome_reservation_to_commit_seconds_count')).toBe(0);
    expect(scrape.all('firstcome_coupon_pending')).toEqual([]);
    expect(scrape.text).not.toContain('process_cpu');
  });
});
