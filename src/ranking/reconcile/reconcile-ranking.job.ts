import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { BusinessCalendar } from '../business-calendar.js';
import { addDays } from '../business-day.js';
import { RankingTurns, type SharedJob } from '../ranking-turns.js';
import type { RankingConfig } from '../ranking.config.js';
import { ReconcileService } from './reconcile.service.js';

/**
 * Reconciles today, and yesterday for payments that were lost around midnight: at the start and whenever Redis becomes
 * ready again, on every instance; and every `ranking.reconcile.intervalMs` on one of them.
 */
@Injectable()
export class ReconcileRankingJob implements OnApplicationBootstrap {
  private readonly logger = new Logger('Ranking');
  private readonly job: SharedJob;

  constructor(
    private readonly reconciles: ReconcileService,
    private readonly calendar: BusinessCalendar,
    private readonly redis: RedisConnection,
    private readonly turns: RankingTurns,
    @Inject(CONFIG) config: RankingConfig,
  ) {
    this.job = { name: 'reconcile', intervalMs: config.ranking.reconcile.intervalMs };
  }

  onApplicationBootstrap(): void {
    this.redis.onReady(() => void this.reconcileAll());
    this.turns.schedule(this.job, () => this.run());
  }

  /** Reconciles the days that may still lack payments. Never throws. */
  async reconcileAll(): Promise<void> {
    const today = this.calendar.today();
    for (const day of [today, addDays(today, -1)]) await this.reconciles.tryReconcile(day);
  }

  private async run(): Promise<void> {
    try {
      await this.turns.take(this.job, () => this.reconcileAll());
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) this.logger.error(`no reconcile: ${String(error)}`);
    }
  }
}
