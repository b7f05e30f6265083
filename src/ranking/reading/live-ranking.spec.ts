import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../platform/clock.js';
import type { CircuitBreakers } from '../../platform/metrics/circuit-breakers.js';
import { BusinessCalendar } from '../business-calendar.js';
import type { RankingConfig } from '../ranking.config.js';
import type { RankingStore } from '../ranking.store.js';
import type { ReconcileService } from '../reconcile/reconcile.service.js';
import { LiveRanking } from './live-ranking.js';
import type { ProductLabels } from './product-labels.js';

const PROBE_MS = 1;
const TODAY = '2026-11-20';
const YESTERDAY = '2026-11-19';

function fake<T>(members: Partial<T>): T {
  return members as T;
}

describe('LiveRanking', () => {
  const tryReconcile = jest.fn<ReconcileService['tryReconcile']>();
  const ping = jest.fn<RankingStore['ping']>();
  let live: LiveRanking;

  beforeEach(() => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    tryReconcile.mockReset().mockResolvedValue(true);
    ping.mockReset().mockResolvedValue();
    const clock = fake<Clock>({ now: () => new Date('2026-11-20T00:00:01+09:00') });
    const config = fake<RankingConfig>({
      ranking: { timeZone: 'Asia/Seoul', readTimeoutMs: 200 } as RankingConfig['ranking'],
      redis: { breaker: { probeIntervalMs: PROBE_MS } } as RankingConfig['redis'],
    });
    live = new LiveRanking(
      fake<RankingStore>({ keeps: () => true, ping, top: async () => [] }),
      fake<ProductLabels>({ of: async () => [] as never }),
      fake<ReconcileService>({ tryReconcile, request: () => undefined }),
      new BusinessCalendar(clock, config),
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

  it('reconciles nothing while Redis does not answer', async () => {
    for (let attempt = 0; attempt < 5; attempt += 1) ping.mockRejectedValueOnce(new Error('away'));
    live.suspend(TODAY);
    await untilRedisAnswers();
    expect(ping).toHaveBeenCalledTimes(6);
    expect(reconciledDays()).toEqual([TODAY]);
  });
});
