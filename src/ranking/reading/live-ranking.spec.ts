import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../platform/clock.js';
import type { CircuitBreakers } from '../../platform/metrics/circuit-breakers.js';
import { BusinessCalendar } from '../business-calendar.js';
import { RankingLease } from '../ranking-lease.js';
import type { RankingConfig } from '../ranking.config.js';
import type { RankingStore } from '../ranking.store.js';
import type { ReconcileService } from '../reconcile/reconcile.service.js';
import { LiveRanking } from './live-ranking.js';
import type { ProductLabels } from './product-labels.js';

const PROBE_MS = 1;
const INTERVAL_MS = 30_000;
const NOW = new Date('2026-11-20T00:00:01+09:00');
const TODAY = '2026-11-20';
const YESTERDAY = '2026-11-19';

function fake<T>(members: Partial<T>): T {
  return members as T;
}

describe('LiveRanking', () => {
  const tryReconcile = jest.fn<ReconcileService['tryReconcile']>();
  const ping = jest.fn<RankingStore['ping']>();
  const top = jest.fn<RankingStore['top']>();
  let live: LiveRanking;

  beforeEach(() => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    tryReconcile.mockReset().mockResolvedValue(true);
    ping.mockReset().mockResolvedValue();
    const clock = fake<Clock>({ now: () => NOW });
    const config = fake<RankingConfig>({
      ranking: {
        timeZone: 'Asia/Seoul',
        readTimeoutMs: 200,
        reconcile: { intervalMs: INTERVAL_MS },
      } as RankingConfig['ranking'],
      redis: { breaker: { probeIntervalMs: PROBE_MS } } as RankingConfig['redis'],
    });
    const calendar = new BusinessCalendar(clock, config);
    top.mockReset().mockResolvedValue({ sales: [], reconciledMsAgo: 0 });
    live = new LiveRanking(
      fake<RankingStore>({ keeps: () => true, ping, top }),
      fake<ProductLabels>({ of: async () => [] as never }),
      fake<ReconcileService>({ tryReconcile, request: () => undefined }),
      new RankingLease(calendar, config),
      calendar,
      clock,
      fake<CircuitBreakers>({ watch: () => undefined }),
      config,
    );
  });

  afterEach(() => {
    live.onModuleDestroy();
    jest.restoreAllMocks();
  });

  const answersFromRedis = async () => (await live.top(TODAY)) !== undefined;
  const reconciledDays = () => tryReconcile.mock.calls.map(([day]) => day);
  const untilRedisAnswers = async () => {
    while (!(await answersFromRedis())) await delay(PROBE_MS);
  };
  /** The outcome of each reconcile in turn, and whether Redis is asked when it begins. */
  const reconcilesEndWith = (...outcomes: boolean[]) => {
    const asked: boolean[] = [];
    for (const outcome of outcomes) {
      tryReconcile.mockImplementationOnce(async () => {
        asked.push(await answersFromRedis());
        return outcome;
      });
    }
    return asked;
  };

  it('says nothing after a missed sale until its day is reconciled, however often that fails', async () => {
    expect(await answersFromRedis()).toBe(true);
    const asked = reconcilesEndWith(false, false, true);
    live.suspend(TODAY);
    await untilRedisAnswers();
    expect(reconciledDays()).toEqual([TODAY, TODAY, TODAY]);
    expect(asked).toEqual([false, false, false]);
  });

  it('reconciles the day of the sale too, which may have ended', async () => {
    const asked = reconcilesEndWith(true, false, true, true);
    live.suspend(YESTERDAY);
    await untilRedisAnswers();
    expect(reconciledDays()).toEqual([TODAY, YESTERDAY, TODAY, YESTERDAY]);
    expect(asked).toEqual([false, false, false, false]);
  });

  it('goes on with a sale that is missed while it reconciles', async () => {
    tryReconcile.mockImplementationOnce(async () => {
      live.suspend(TODAY);
      return true;
    });
    live.suspend(TODAY);
    await untilRedisAnswers();
    expect(reconciledDays()).toEqual([TODAY, TODAY]);
  });

  it.each([
    ['three intervals ago', 3 * INTERVAL_MS, { expiredAt: undefined, asOf: NOW }],
    [
      'before that',
      3 * INTERVAL_MS + 1,
      { expiredAt: new Date(NOW.getTime() - 1), asOf: new Date(NOW.getTime() - 3 * INTERVAL_MS - 1) },
    ],
  ])(
    'says of which time the numbers of today are that were reconciled %s',
    async (_when, reconciledMsAgo, validity) => {
      top.mockResolvedValue({ sales: [], reconciledMsAgo });
      expect(await live.top(TODAY)).toMatchObject(validity);
      // A past day was reconciled after its end.
      expect(await live.top(YESTERDAY)).toMatchObject({ expiredAt: undefined, asOf: NOW });
    },
  );

  it('goes on asking for today when a past day cannot be read, and asks for neither when today cannot', async () => {
    top.mockRejectedValueOnce(new Error('no such day'));
    expect(await live.top(YESTERDAY)).toBeUndefined();
    expect(await answersFromRedis()).toBe(true);
    ping.mockRejectedValue(new Error('away'));
    top.mockRejectedValueOnce(new Error('away'));
    expect(await answersFromRedis()).toBe(false);
    expect(await live.top(YESTERDAY)).toBeUndefined();
    expect(top).toHaveBeenCalledTimes(3);
  });

  it('reconciles nothing while Redis does not answer', async () => {
    for (let attempt = 0; attempt < 5; attempt += 1) ping.mockRejectedValueOnce(new Error('away'));
    live.suspend(TODAY);
    await untilRedisAnswers();
    expect(ping).toHaveBeenCalledTimes(6);
    expect(reconciledDays()).toEqual([TODAY]);
  });
});
