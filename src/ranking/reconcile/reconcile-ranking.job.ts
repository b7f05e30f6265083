import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { BusinessCalendar } from '../business-calendar.js';
import { addDays } from '../business-day.js';
import { RankingTurns, type SharedJob } from '../ranking-turns.js';
import type { RankingConfig } from '../ranking.config.js';
import { LateRefunds } from './late-refunds.service.js';
import { ReconcileService } from './reconcile.service.js';

/**
 * Reconciles today, yesterday for payments that were lost around midnight, and what was refunded of the days before: at
 * the start and whenever Redis becomes ready again, on every instance; and every `ranking.reconcile.intervalMs` on one
 * of them.
 */
@Injectable()
export class ReconcileRankingJob implements OnApplicationBootstrap {
  private readonly logger = new Logger('Ranking');
  private readonly job: SharedJob;

  constructor(
    private readonly reconciles: ReconcileService,
    private readonly lateRefunds: LateRefunds,
    private readonly calendar: BusinessCalendar,
    private readonly redis: RedisConnection,
    private readonly turns: RankingTurns,
    @Inject(CONFIG) config: RankingConfig,
  ) {
    this.job = { name: 'reconcile', intervalMs: config.ranking.reconcile.intervalMs };
  }

  onApplicationBootstrap(): void {
    this.redis.onReady(() => void this.reconcileAll().then(() => this.observeAge()));
    this.turns.schedule(this.job, () => this.run());
  }

  /** Reconciles the days that may still lack payments or refunds; true when all of them are exact. Never throws. */
  async reconcileAll(): Promise<boolean> {
    const today = this.calendar.today();
    const isTodayExact = await this.reconciles.tryReconcile(today);
    const isYesterdayExact = await this.reconciles.tryReconcile(addDays(today, -1));
    return (await this.lateRefunds.tryUncount()) && isYesterdayExact && isTodayExact;
  }

  /** Reconciles if it is this instance's turn; true when it was, and that went well. Never throws. */
  async run(): Promise<boolean> {
    const isDone = await this.takeTurn();
    await this.observeAge();
    return isDone;
  }

  private async takeTurn(): Promise<boolean> {
    try {
      return await this.turns.take(this.job, () => this.reconcileAll());
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) this.logger.error(`no reconcile: ${String(error)}`);
      return false;
    }
  }

  /** Every instance looks, whoever reconciles. Never throws: while Redis can't be asked the age known goes on growing. */
  private async observeAge(): Promise<void> {
    try {
      await this.reconciles.observeAge();
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) this.logger.error(`the age is not known: ${String(error)}`);
    }
  }
}
