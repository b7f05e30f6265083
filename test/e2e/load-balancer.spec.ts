import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../scripts/services/free-port.mjs';
import { type Answer, ApiClient, tally } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { expectConsistent } from '../support/drop.js';
import { inParallel } from '../support/in-parallel.js';
import { checkConfig, LoadBalancer } from '../support/load-balancer.js';
import { Scrape } from '../support/metrics.js';
import { eventually } from '../support/poll.js';
import { type PrivateServer, startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { SteadyLoad } from '../support/steady-load.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { countEach } from '../support/tally.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/**
 * The HAProxy of docker-compose.yml in front of two instances, of which one can be cut off from Redis and from MySQL, and
 * both when these are killed. A small DNS server stands in for Docker's.
 */

const ADDRESSES = ['127.0.0.2', '127.0.0.3'];
/** More than all tests together take. */
const TOTAL = 1_000_000;
const CALLS = 2000;
/** Few, so that each instance has the time to say that it is well. */
const CALLERS = 8;

/** Between the first instance and these; the other one is well however busy this process is. */
let proxies: Record<'redis' | 'mysql', TcpProxy>;
let servers: Record<'redis' | 'mysql', PrivateServer>;
let apps: [AppProcess, AppProcess];
let startFirst: () => Promise<AppProcess>;
let balancer: LoadBalancer;
let api: ApiClient;
let couponId: number;

beforeAll(async () => {
  const [redis, mysql] = await Promise.all([startPrivateRedis(), startPrivateMysql()]);
  servers = { redis, mysql };
  proxies = { redis: await TcpProxy.inFrontOf(redis.url), mysql: await TcpProxy.inFrontOf(mysql.url) };
  const port = await freePort();
  const start = (HOST: string, to: typeof servers | typeof proxies): Promise<AppProcess> => {
    const env = { HOST, PORT: String(port), REDIS_URL: to.redis.url, DATABASE_URL: to.mysql.url };
    return startApp({ env, waitFor: '/health/ready' });
  };
  startFirst = () => start('127.0.0.2', proxies);
  apps = [await startFirst(), await start('127.0.0.3', servers)];
  balancer = await LoadBalancer.inFrontOf(ADDRESSES, port);
  api = new ApiClient(balancer.outside);
});

beforeEach(async () => {
  await Promise.all([proxies.redis.accept(), proxies.mysql.accept()]);
  if (apps[0].hasExited) apps[0] = await startFirst();
  await balancer.knows({ well: 2, ready: 2, live: 2 });
  couponId = (await new ApiClient(apps[0].url).createCoupon({ totalQuantity: TOTAL })).couponId;
});

/** All at once: half of them reservations of new users, a quarter looks at the coupon, a quarter at the ranking. */
async function everyKindOfCall(): Promise<Array<Answer<unknown>>> {
  return await inParallel(newUserIds(CALLS), (userId) => callOfKind(userId % 4, userId), CALLERS);
}

function callOfKind(kind: number, userId: number): Promise<Answer<unknown>> {
  if (kind === 0) return api.coupon(couponId);
  if (kind === 1) return api.call('/api/products/ranking/top');
  return api.reserve(couponId, userId);
}

/** What the callers heard, and how many of their calls this instance took. */
async function callsWatching(app: AppProcess): Promise<{ answers: Record<string, number>; took: number }> {
  const before = await answeredBy(app);
  const answers = tally(await everyKindOfCall());
  return { answers, took: (await answeredBy(app)) - before };
}

/** How many calls of the API an instance has answered since it started. */
async function answeredBy(app: AppProcess): Promise<number> {
  const samples = (await Scrape.of(app)).all('firstcome_http_request_duration_seconds_count');
  return samples.reduce((sum, { labels, value }) => sum + (labels['route']?.startsWith('/api') ? value : 0), 0);
}

describe('the configuration of the load balancer', () => {
  it('is one that HAProxy takes as it is', async () => {
    await checkConfig();
  });

  it.each([
    '/metrics',
    '/metrics?x=1',
    '/%6Detrics',
    '/docs',
    '/docs-json',
    '/dashboard',
    '/dashboard/files/main.js',
    '/dashboard/history/1',
  ])('shows %s to nobody outside', async (path) => {
    expect((await fetch(balancer.outside + path)).status).toBe(404);
  });

  it.each(['/metrics', '/dashboard', '/load-balancer', '/load-balancer/stats'])(
    'shows %s to the operator',
    async (path) => {
      expect((await fetch(balancer.inside + path)).status).toBe(200);
      expect((await fetch(balancer.outside + path)).status).toBe(404);
    },
  );
});

describe('one instance that is cut off', () => {
  it.each(['redis', 'mysql'] as const)(
    'from %s gets no call while another one is well, and again once it is',
    async (server) => {
      const [cutOff] = apps;
      await proxies[server].refuse();
      const { answers, took } = await balancer.whileNobodyFalls(async () => {
        await balancer.knows({ well: 1, ready: 2 });
        return await callsWatching(cutOff);
      });
      expect({ answers, took }).toEqual({ answers: { '200': CALLS }, took: 0 });

      await proxies[server].accept();
      await balancer.knows({ well: 2 });
      const again = await callsWatching(cutOff);
      expect(again.answers).toEqual({ '200': CALLS });
      expect(again.took).toBeGreaterThan(0);
      await expectConsistent(api, couponId);
    },
  );
});

describe('all instances', () => {
  it('cut off from MySQL go on with what needs Redis only', async () => {
    // Each knows the coupon.
    await inParallel(apps, (app) => new ApiClient(app.url).reserve(couponId, newUserId()));
    await servers.mysql.kill();
    try {
      await balancer.knows({ well: 0, ready: 2 });
      const before = await inParallel(apps, answeredBy);
      const answers = await inParallel(newUserIds(CALLS), (userId) => api.reserve(couponId, userId), CALLERS);
      expect(tally(answers)).toEqual({ '200': CALLS });
      const after = await inParallel(apps, answeredBy);
      expect(after.map((count, index) => count > (before[index] ?? 0))).toEqual([true, true]);
    } finally {
      await servers.mysql.restart();
    }
  });

  it('cut off from both say themselves when to come back, from the first moment to the last', async () => {
    const load = new SteadyLoad((userId) => api.reserve(couponId, userId), { atOnce: 4 });
    await load.sees('200', 20);
    await Promise.all([servers.redis.kill(), servers.mysql.kill()]);
    try {
      await balancer.knows({ well: 0, ready: 0, live: 2 });
      await load.sees('503 RESERVATION_UNAVAILABLE', 20);
    } finally {
      await Promise.all([servers.redis.restart(), servers.mysql.restart()]);
    }
    await balancer.knows({ well: 2 });
    await load.sees('200', 20);

    const answers = await load.stop();
    expect(Object.keys(tally(answers)).sort()).toEqual(['200', '503 RESERVATION_UNAVAILABLE']);
    const refusals = answers.filter(({ status }) => status === 503);
    const heard = refusals.map(({ headers }) => `${headers.get('content-type')} ${headers.has('retry-after')}`);
    expect(new Set(heard)).toEqual(new Set(['application/problem+json; charset=utf-8 true']));
  });
});

/** The status alone: of a call that cannot be sent again the caller hears 502 from the balancer, or nothing (0). */
async function statusOf(path: string, init: RequestInit = {}): Promise<number> {
  const response = await fetch(balancer.outside + path, init).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.status ?? 0;
}

describe('an instance that is killed', () => {
  it('fails no call that may be sent again, and of the others only those that it had been sent', async () => {
    const [killed] = apps;
    let answered = 0;
    let isKilled = false;
    const calls = inParallel(
      newUserIds(CALLS),
      async (userId) => {
        const look = await statusOf(userId % 2 === 0 ? `/api/coupons/${couponId}` : '/api/products/ranking/top');
        const isLater = isKilled;
        const reservation = await statusOf(`/api/coupons/${couponId}/reserve`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ userId }),
        });
        answered += 1;
        return { look, reservation, isLater };
      },
      CALLERS,
    );
    await eventually(() => expect(answered).toBeGreaterThan(CALLS / 4), { intervalMs: 10 });
    await killed.kill();
    isKilled = true;
    const outcomes = await calls;
    expect(countEach(outcomes.map(({ look }) => String(look)))).toEqual({ '200': CALLS });
    const [earlier, later] = [outcomes.filter(({ isLater }) => !isLater), outcomes.filter(({ isLater }) => isLater)];
    // Whoever asked after its end found nobody on the other side of a connection.
    expect(later.length).toBeGreaterThan(CALLS / 4);
    expect(countEach(later.map(({ reservation }) => String(reservation)))).toEqual({ '200': later.length });
    const failed = earlier.map(({ reservation }) => reservation).filter((status) => status !== 200);
    // Each caller had at most one on its way.
    expect(failed.length).toBeLessThanOrEqual(CALLERS);
    expect(failed.filter((status) => status !== 502 && status !== 0)).toEqual([]);
  });
});
