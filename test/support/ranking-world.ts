import type { Redis } from 'ioredis';
import { Clock } from '../../src/platform/clock.js';
import { dayKeys, rankingKeys } from '../../src/ranking/ranking-keys.js';
import { RankingService, type TopView } from '../../src/ranking/ranking.service.js';
import { ReconcileRankingJob } from '../../src/ranking/reconcile/reconcile-ranking.job.js';
import type { Instance } from './instance.js';
import { SalesBook } from './sales.js';
import { openTwoInstances } from './two-instances.js';

/** Two instances under a clock that a test sets, and what they rank. */
export class RankingWorld {
  private constructor(
    readonly instances: readonly [Instance, Instance],
    readonly salesBook: SalesBook,
    readonly redis: Redis,
    private time: Date,
  ) {}

  static async open(time: Date): Promise<RankingWorld> {
    const { one, other, database, redis } = await openTwoInstances('ranking');
    const world = new RankingWorld([one, other], new SalesBook(database), redis, time);
    for (const instance of world.instances) {
      Object.assign(instance.get(Clock), { now: () => world.time });
      await instance.get(ReconcileRankingJob).reconcileAll();
    }
    return world;
  }

  get now(): Date {
    return this.time;
  }

  /** Sets the clock of both instances. */
  setTime(time: Date | string): void {
    this.time = new Date(time);
  }

  top(at: 0 | 1, date?: string, limit = 100): Promise<TopView> {
    return this.instances[at].get(RankingService).top({ date, limit });
  }

  /** The day's keys as they are at one moment, for {@link restore}: a reconcile may be counting in the background. */
  async dump(day: string): Promise<Map<string, Buffer>> {
    const keys = dayKeys(day);
    const dumping = this.redis.multi();
    for (const key of keys) dumping.dumpBuffer(key);
    const found = new Map<string, Buffer>();
    for (const [index, [error, value]] of ((await dumping.exec()) ?? []).entries()) {
      if (error !== null) throw error;
      if (Buffer.isBuffer(value)) found.set(keys[index] ?? '', value);
    }
    return found;
  }

  /** Another server process answers from now on, which holds what Redis held earlier. */
  async restore(day: string, earlier: ReadonlyMap<string, Buffer>): Promise<void> {
    // At once, as a server comes back: a reconcile that is under way must not see a half of it.
    const restoring = this.redis.multi().del(...dayKeys(day), rankingKeys.reconciling(day));
    for (const [key, value] of earlier) restoring.restore(key, 0, value);
    if (earlier.has(rankingKeys.reconciled(day))) restoring.set(rankingKeys.reconciled(day), 'before-the-restart 0');
    await restoring.exec();
  }
}
