import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, tally } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { awayFromMidnight } from '../support/business-midnight.js';
import { expectConsistent } from '../support/drop.js';
import { inParallel } from '../support/in-parallel.js';
import { Scrape } from '../support/metrics.js';
import { eventually } from '../support/poll.js';
import { openRedis } from '../support/redis.js';
import { RUNBOOK } from '../support/runbook.js';
import { RankingClient } from '../support/sales.js';
import { Shop } from '../support/shop.js';
import { Site } from '../support/site.js';
import { expectUnavailable } from '../support/unavailable.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** Who may use Redis, and what is said where we may not. The log is JSON, as in production. */

const USERS = {
  firstcome: documentedRights('firstcome'),
  operator: documentedRights('operator'),
  'without-info': ['on', '>password', '~*', '+@all', '-info'],
  'without-probe': ['on', '>password', '~coupon:*', '~ranking:*', '+@all'],
  // Since Redis 7 a new user has no channels.
  'without-channels': ['on', '>password', '~*', '+@all'],
  'without-pending': ['on', '>password', '~*', '+@all', '-zadd'],
};

/** What docs/operations.md has an operator type for this user. */
function documentedRights(user: string): string[] {
  const [, words = ''] = new RegExp(`ACL SETUSER ${user} (.*)`).exec(RUNBOOK) ?? [];
  return words.replaceAll("'", '').split(' ');
}

interface Line {
  readonly level: string;
  readonly context: string;
  readonly message: string;
}

let site: Site;
let couponId: number;
let output: () => string;

beforeAll(awayFromMidnight);

beforeAll(async () => {
  site = await Site.open({ LOG_FORMAT: 'json', LOG_LEVEL: 'info' });
  for (const [name, rights] of Object.entries(USERS)) {
    await site.redis.acl('SETUSER', name, 'reset', ...rights);
  }
  await site.start();
  ({ couponId } = await site.api.createCoupon({ totalQuantity: 1000 }));
  expect(await site.api.issue(couponId, newUserId())).toMatchObject({ status: 200 });
  await site.app.kill('SIGTERM');
});

afterEach(() => {
  expect(lines().filter((line) => parsed(line) === undefined)).toEqual([]);
});

function lines(): string[] {
  return output()
    .split('\n')
    .filter((line) => line !== '');
}

/** The line, if it is in our format. */
function parsed(line: string): Line | undefined {
  if (!line.startsWith('{')) return undefined;
  const { level, context, message } = JSON.parse(line) as Partial<Line>;
  return level === undefined || context === undefined || message === undefined
    ? undefined
    : { level, context, message };
}

function said(context: string, pattern: RegExp): string[] {
  return lines()
    .flatMap((line) => parsed(line) ?? [])
    .flatMap((line) => (line.context === context && pattern.test(line.message) ? [line.message] : []));
}

function redisUrl({ user = '', password = 'password', protocol = 'redis' }): string {
  return `${protocol}://${user}:${password}@${new URL(site.redisProxy.url).host}`;
}

async function startWith(url: string, env: Record<string, string> = {}): Promise<ApiClient> {
  const urls = { REDIS_URL: url, DATABASE_URL: site.mysqlServer.url };
  const app = await startApp({ env: { ...urls, LOG_FORMAT: 'json', LOG_LEVEL: 'info', ...env } });
  output = () => app.logs;
  return new ApiClient(app.url);
}

async function expectRefused(api: ApiClient): Promise<void> {
  for (let round = 1; round <= 5; round += 1) {
    const answers = await inParallel(newUserIds(20), (userId) => api.reserve(couponId, userId));
    expect(tally(answers)).toEqual({ '503 RESERVATION_UNAVAILABLE': 20 });
  }
  expectUnavailable(await api.rebuild(couponId), 'RESERVATION_UNAVAILABLE');
  expect(await api.coupon(couponId)).toMatchObject({ status: 200, body: { reservedQuantity: null } });
  expect(await new RankingClient(api).top()).toMatchObject({ status: 200 });
}

describe('an application that Redis does not let in', () => {
  it.each([
    ['since its user may not run INFO', { user: 'without-info' }, /^NO_PERMISSION$/, /NOPERM/],
    ['since its password is wrong', { user: 'firstcome', password: 'wrong' }, /^NO_PERMISSION$/, /WRONGPASS/],
    // A Redis that gets a TLS greeting waits for the end of the line, unless there is one in it by chance.
    ['since there is no TLS', { protocol: 'rediss' }, /^(UNREACHABLE|TIMEOUT)$/, /ETIMEDOUT|SSL|TLS/],
  ])('%s says so in one line, and answers 503', async (_name, address, reason, words) => {
    // With this Node.js warns of each process that uses TLS, in lines of its own.
    const api = await startWith(redisUrl(address), { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    await eventually(async () => {
      const { body } = await api.call<{ details: object }>('/health/ready');
      expect(body).toMatchObject({ status: 'degraded', details: { redis: { reason: expect.stringMatching(reason) } } });
    });
    await expectRefused(api);
    expect(said('Redis', /unavailable/)).toEqual([expect.stringMatching(words)]);
    expect(lines().length).toBeLessThan(20);
  });

  it('only where its probe writes says so too, and serves as ever', async () => {
    const api = await startWith(redisUrl({ user: 'without-probe' }));
    const { body } = await api.call<object>('/health/ready');
    expect(body).toMatchObject({ status: 'degraded', details: { redis: { reason: 'NO_PERMISSION' } } });
    expect(await api.reserve(couponId, newUserId())).toMatchObject({ status: 200 });
    expect(said('Redis', /unavailable/)).toEqual([expect.stringMatching(/NOPERM/)]);
  });

  it('only to its channels says once what to do, and serves as ever', async () => {
    const api = await startWith(redisUrl({ user: 'without-channels' }));
    for (let round = 1; round <= 3; round += 1) {
      const userId = newUserId();
      expect(await api.reserve(couponId, userId)).toMatchObject({ status: 200 });
      // In time by what this instance announces, whatever it hears of others.
      expect(await api.call(`/api/coupons/${couponId}/reservations/${userId}?wait=30`)).toMatchObject({
        status: 200,
        body: { status: 'ISSUED' },
      });
      expect(await api.issue(couponId, newUserId())).toMatchObject({ status: 200 });
    }
    await eventually(() =>
      expect(said('Issuance', /./)).toEqual([expect.stringMatching(/refuses to tell: .*ACL SETUSER <user> &coupon:/)]),
    );
    expect(said('Redis channels', /unavailable/).length).toBeLessThanOrEqual(1);
    expect(said('Redis', /unavailable/)).toEqual([]);
  });

  it('only where its scripts write answers 503 as well', async () => {
    const api = await startWith(redisUrl({ user: 'without-pending' }));
    const answers = await inParallel(newUserIds(20), (userId) => api.reserve(couponId, userId));
    expect(tally(answers)).toEqual({ '503 RESERVATION_UNAVAILABLE': 20 });
    expect(lines().length).toBeLessThan(20);
  });
});

describe('the documented user', () => {
  it('may do all that the application does, and cannot empty Redis', async () => {
    const url = redisUrl({ user: 'firstcome' });
    await site.start({ REDIS_URL: url });
    output = () => site.app.logs;
    const { api } = site;
    const shop = new Shop(api, site.database);

    const created = await api.createCoupon({ totalQuantity: 100 });
    expect(await api.reserve(created.couponId, newUserId())).toMatchObject({ status: 200 });
    expect(await api.issue(created.couponId, newUserId())).toMatchObject({ status: 200 });
    expect(await api.patchCoupon(created.couponId, { totalQuantity: 50 })).toMatchObject({ status: 200 });
    expect(await api.rebuild(created.couponId)).toMatchObject({ status: 200 });
    expect(await api.issue(created.couponId, newUserId())).toMatchObject({ status: 200 });
    await expectConsistent(api, created.couponId);

    const productId = await shop.product();
    const buyer = await shop.user(1_000_000);
    expect(await shop.pay(await shop.order(buyer, [{ productId, quantity: 3 }]), buyer)).toMatchObject({ status: 200 });
    await eventually(async () => {
      const { body } = await new RankingClient(api).product(productId);
      expect(body).toMatchObject({ source: 'redis', salesCount: 3 });
    });
    await eventually(async () => {
      const scrape = await Scrape.of(site.app);
      expect(scrape.value('firstcome_sweeps_total', { result: 'done' })).toBeGreaterThan(1);
      expect(scrape.value('firstcome_sweeps_total', { result: 'failed' })).toBe(0);
    });

    expect(said('Redis', /NOPERM|unknown/)).toEqual([]);
    expect(lines().flatMap((line) => (parsed(line)?.level === 'error' ? [line] : []))).toEqual([]);
    await expect(openRedis(url, { enableReadyCheck: false }).flushall()).rejects.toThrow('NOPERM');
  });

  it('is served also with the user default off, and then nobody empties Redis by a slip of the hand', async () => {
    await site.start({ REDIS_URL: redisUrl({ user: 'firstcome' }) });
    output = () => site.app.logs;
    const operator = openRedis(redisUrl({ user: 'operator', password: 'another' }));
    expect(await operator.acl('SETUSER', 'default', 'off')).toBe('OK');
    try {
      const { couponId: created } = await site.api.createCoupon({ totalQuantity: 100 });
      expect(await site.api.issue(created, newUserId())).toMatchObject({ status: 200 });
      // Also over a new connection.
      site.redisProxy.cut();
      await eventually(async () => expect(await site.api.issue(created, newUserId())).toMatchObject({ status: 200 }));
      const stranger = openRedis(site.redisProxy.url, { enableReadyCheck: false });
      await expect(stranger.flushall()).rejects.toThrow('NOAUTH');
      for (const empty of [() => operator.flushall(), () => operator.flushdb(), () => operator.swapdb(0, 1)])
        await expect(empty()).rejects.toThrow('NOPERM');
      expect(await operator.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    } finally {
      await operator.acl('SETUSER', 'default', 'on');
    }
  });
});
