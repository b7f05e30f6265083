import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { BusinessCalendar } from '../business-calendar.js';
import { addDays } from '../business-day.js';
import { RankingStore } from '../ranking.store.js';
import { ReconcileService } from './reconcile.service.js';

const NAME = 'reconcile-ranking';
/** Of the interval: the turn must be over when the next one is due. */
const TURN_SHARE = 0.9;

/**
 * Reconciles today, and yesterday for payments that were lost around midnight: at the start and whenever Redis becomes
 * ready again, on every instance; and every `ranking.reconcile.intervalMs` on one of them.
 */
@Injectable()
export class ReconcileRankingJob implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Ranking');

  constructor(
    private readonly reconciles: ReconcileService,
    private readonly store: RankingStore,
    private readonly calendar: BusinessCalendar,
    private readonly redis: RedisConnection,
    private readonly scheduler: SchedulerRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.redis.onReady(() => void this.reconcileAll());
    this.scheduler.addInterval(NAME, setInterval(() => void this.run(), this.config.ranking.reconcile.intervalMs));
  }

  onModuleDestroy(): void {
    if (this.scheduler.doesExist('interval', NAME)) this.scheduler.deleteInterval(NAME);
  }

  /** Reconciles the days that may still lack payments. Never throws. */
  async reconcileAll(): Promise<void> {
    const today = this.calendar.today();
    for (const day of [today, addDays(today, -1)]) await this.reconciles.tryReconcile(day);
  }

  private async run(): Promise<void> {
    try {
      const turnMs = Math.ceil(this.config.ranking.reconcile.intervalMs * TURN_SHARE);
      if (await this.store.takeTurn('reconcile', turnMs)) await this.reconcileAll();
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) this.logger.error(`no reconcile: ${String(error)}`);
    }
  }
}
