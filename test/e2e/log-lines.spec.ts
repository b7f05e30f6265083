import { beforeAll, describe, expect, it } from '@jest/globals';
import { PATIENT } from '../support/app-process.js';
import { inParallel } from '../support/in-parallel.js';
import { eventuallyShows } from '../support/metrics.js';
import { eventually } from '../support/poll.js';
import { Site } from '../support/site.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** What someone on call reads: each state when it is entered and when it is left, and nothing for each request. */

let site: Site;

beforeAll(async () => {
  site = await Site.open();
});

/** The lines of the process that runs that match. */
function lines(pattern: RegExp): string[] {
  return site.app.logs.split('\n').filter((line) => pattern.test(line));
}

async function eventuallySays(pattern: RegExp, times = 1): Promise<void> {
  await eventually(() => expect(lines(pattern)).toHaveLength(times));
}

/** The lines that `work` adds. */
async function linesAddedBy(work: () => Promise<unknown>): Promise<string[]> {
  const before = site.app.logs.length;
  await work();
  return site.app.logs
    .slice(before)
    .split('\n')
    .filter((line) => line !== '');
}

describe('a start and an end', () => {
  it('say what runs with which settings, that it serves, and how it ended', async () => {
    const app = await site.start({ LOG_LEVEL: 'info', ADMIN_TOKEN: 'very-secret-token' });
    await eventuallySays(/\[Main\] serving http.* under the profile test/);
    expect(lines(/\[Main\] firstcome \d+\.\d+\.\d+ on Node\.js .*profile=test .*admin\.token=\(set\)/)).toHaveLength(1);
    expect(lines(new RegExp(`redis\\.url=redis://127\\.0\\.0\\.1:${new URL(site.redisProxy.url).port}`))).toHaveLength(
      1,
    );
    expect(app.logs).not.toContain('very-secret-token');

    await app.kill('SIGTERM');
    expect(lines(/\[Shutdown\] ending: /)).toHaveLength(1);
    expect(lines(/\[Shutdown\] ended by SIGTERM after \d+ ms/)).toHaveLength(1);
  });
});

describe('an outage', () => {
  it('of Redis is told once, and so is its end, however many ask meanwhile', async () => {
    await site.start({ LOG_LEVEL: 'info' });
    const { couponId } = await site.api.createCoupon({ totalQuantity: 10 });
    await site.redisServer.kill();
    const added = await linesAddedBy(async () => {
      const asks = await inParallel(newUserIds(2000), (userId) => site.api.reserve(couponId, userId), 32);
      expect(new Set(asks.map(({ error }) => error))).toEqual(new Set(['RESERVATION_UNAVAILABLE']));
    });
    expect(added.length).toBeLessThan(5);
    await eventuallySays(/\[Redis\] unavailable: /);
    await eventuallyShows(site.app, (scrape) => {
      expect(scrape.value('firstcome_dependency_up', { dependency: 'redis' })).toBe(0);
      expect(scrape.value('firstcome_dependency_up', { dependency: 'mysql' })).toBe(1);
      expect(scrape.all('firstcome_coupon_pending')).toEqual([]);
    });

    await site.redisServer.restart();
    await eventuallySays(/\[Redis\] ready, run_id /, 2);
    await eventuallySays(new RegExp(`\\[Rebuild\\] coupon ${couponId} rebuilt from MySQL in .* epoch 2, 0 issued`));
    expect(lines(/\[Redis\] unavailable: /)).toHaveLength(1);
    await eventuallyShows(site.app, (scrape) => {
      expect(scrape.value('firstcome_dependency_up', { dependency: 'redis' })).toBe(1);
      expect(scrape.value('firstcome_coupon_loaded', { coupon_id: String(couponId) })).toBe(1);
    });
  });

  it('of Redis that only stands still opens the breaker, which is told and shown', async () => {
    await site.start({ LOG_LEVEL: 'info', REDIS_COMMAND_TIMEOUT_MS: '1000' });
    const { couponId } = await site.api.createCoupon();
    await site.redisServer.freeze();
    try {
      await inParallel(newUserIds(200), (userId) => site.api.reserve(couponId, userId), 32);
      await eventuallyShows(site.app, (scrape) => {
        expect(scrape.value('firstcome_circuit_breaker_open', { breaker: 'reservations' })).toBe(1);
      });
    } finally {
      await site.redisServer.thaw();
    }
    await eventuallyShows(site.app, (scrape) => {
      expect(scrape.value('firstcome_circuit_breaker_open', { breaker: 'reservations' })).toBe(0);
    });
    expect(lines(/\[Reservations\] Redis does not answer/)).toHaveLength(1);
    expect(lines(/\[Reservations\] Redis answers again/)).toHaveLength(1);
    // A machine that stalls for a second may have had an outage of its own, which has had its end too.
    const outages = lines(/\[Redis\] unavailable: TIMEOUT \(no answer within 1000 ms\)/);
    expect(outages).not.toEqual([]);
    await eventuallySays(/\[Redis\] ready, run_id \w+ after [\d.]+ s/, outages.length);
    // What Redis carried out when it went on is not left to the next process, which would tell of it.
    await eventually(async () => expect((await site.leftBehind(couponId)).pending).toBe(0));
  });

  it('of MySQL is told once, and so is its end; what is pending meanwhile is shown', async () => {
    await site.start({ LOG_LEVEL: 'info', ...PATIENT });
    const { couponId } = await site.api.createCoupon();
    const coupon = { coupon_id: String(couponId) };
    await eventuallyShows(site.app, (scrape) => expect(scrape.value('firstcome_coupon_pending', coupon)).toBe(0));
    await site.mysqlServer.kill();
    const added = await linesAddedBy(async () => {
      for (let round = 1; round <= 10; round += 1) {
        await inParallel(newUserIds(4), (userId) => site.api.reserve(couponId, userId));
        await inParallel(newUserIds(100), () => site.api.call('/api/coupons'), 32);
      }
      await eventuallyShows(site.app, (scrape) => {
        expect(scrape.value('firstcome_dependency_up', { dependency: 'mysql' })).toBe(0);
        expect(scrape.value('firstcome_coupon_pending', coupon)).toBe(40);
        expect(scrape.value('firstcome_coupon_oldest_pending_seconds', coupon)).toBeGreaterThan(1);
        expect(scrape.value('firstcome_coupon_drift', coupon)).toBeUndefined();
      });
    });
    // MySQL is away, the first batch is tried again, the ranking can't be reconciled, 503 is answered
    expect(added.length).toBeLessThan(8);
    // A machine that stalls for a second before may have had an outage of its own, which has had its end.
    const ended = lines(/\[MySQL\] ready after /).length;
    expect(lines(/\[MySQL\] unavailable: /)).toHaveLength(ended + 1);

    await site.mysqlServer.restart();
    await eventuallySays(/\[MySQL\] ready after [\d.]+ s/);
    await eventuallySays(new RegExp(`\\[Issuance\\] coupon ${couponId}: issuing again succeeded, try \\d+`));
    await eventuallyShows(site.app, (scrape) => {
      expect(scrape.value('firstcome_coupon_pending', coupon)).toBe(0);
      expect(scrape.value('firstcome_coupon_drift', coupon)).toBe(0);
    });
  });
});

describe('the saga', () => {
  it('tells each sweep that finds something, with counts, and no other', async () => {
    await site.start({ LOG_LEVEL: 'info', FAULT_POINT: 'after-reserve' });
    const { couponId } = await site.api.createCoupon();
    await site.api.reserve(couponId, newUserId());
    await site.app.exited;
    await site.start({ LOG_LEVEL: 'info' });
    await eventuallySays(
      new RegExp(`\\[Sweep\\] coupon ${couponId}: 1 reservations had stayed pending and are issued again`),
    );
    await eventuallyShows(site.app, (scrape) =>
      expect(scrape.value('firstcome_sweeps_total', { result: 'done' })).toBeGreaterThan(4),
    );
    expect(lines(/\[Sweep\]/)).toHaveLength(1);
  });

  it('tells a compensation with its reason, in one line for a batch', async () => {
    // No sweep after the first one: it would publish the lowered total before the hundred are admitted.
    await site.start({ LOG_LEVEL: 'info', ...PATIENT, COUPON_SWEEP_INTERVAL_MS: '600000' });
    await site.app.hasSwept();
    const { couponId } = await site.api.createCoupon({ totalQuantity: 500 });
    const release = await site.holdLedger(couponId);
    const users = newUserIds(300);
    await inParallel(users, (userId) => site.api.reserve(couponId, userId), 32);
    await release();
    await eventually(async () => expect((await site.leftBehind(couponId)).pending).toBe(0));
    await site.database.change('UPDATE coupons SET total_quantity = 300 WHERE id = ?', [couponId]);
    const again = await site.holdLedger(couponId);
    const added = await linesAddedBy(async () => {
      await inParallel(newUserIds(100), (userId) => site.api.reserve(couponId, userId), 32);
      await again();
      await eventually(async () =>
        expect(await site.leftBehind(couponId)).toMatchObject({ pending: 0, failures: 100, reserved: 300 }),
      );
    });
    const failures = added.filter((line) => line.includes('failed'));
    expect(failures.length).toBeLessThan(20);
    expect(failures[0]).toMatch(
      new RegExp(
        `coupon ${couponId}: \\d+ failed, \\d+ slots given back: number 30\\d of user \\d+, SOLD_OUT_IN_LEDGER \\(`,
      ),
    );
    await eventuallyShows(site.app, (scrape) => {
      expect(scrape.value('firstcome_issuance_failures_total', { reason: 'SOLD_OUT_IN_LEDGER' })).toBe(100);
      expect(scrape.value('firstcome_released_total')).toBe(100);
    });
  });
});
