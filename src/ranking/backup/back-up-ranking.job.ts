import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Cron, CronExpression, SchedulerRegistry } from '@nestjs/schedule';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { RankingMetrics } from '../ranking-metrics.js';
import { RankingStore } from '../ranking.store.js';
import { BackupService } from './backup.service.js';

const NAME = 'back-up-ranking';
/** Of the interval: the turn of an instance, also of one that died, must be over when the next one is due. */
const TURN_SHARE = 0.9;

/**
 * Every `ranking.backup.intervalMs` the instance whose turn it is backs up the ranking. The turn lives in Redis and
 * expires; what a holder writes after that can't harm, since the later numbers win.
 */
@Injectable()
export class BackUpRankingJob implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Ranking');

  constructor(
    private readonly backups: BackupService,
    private readonly store: RankingStore,
    private readonly metrics: RankingMetrics,
    private readonly scheduler: SchedulerRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.scheduler.addInterval(NAME, setInterval(() => void this.run(), this.config.ranking.backup.intervalMs));
  }

  onModuleDestroy(): void {
    if (this.scheduler.doesExist('interval', NAME)) this.scheduler.deleteInterval(NAME);
  }

  /** Backs up what is due, if it is this instance's turn; true when it was. Never throws. */
  async run(): Promise<boolean> {
    let isOurTurn = false;
    try {
      const turnMs = Math.ceil(this.config.ranking.backup.intervalMs * TURN_SHARE);
      isOurTurn = await this.store.takeTurn('backup', turnMs);
      if (isOurTurn) await this.backups.backUpAll();
      await this.backups.observeAge();
    } catch (error) {
      this.metrics.backupFailures.inc();
      this.logger.error(`backup failed: ${error instanceof Error ? error.message : String(error)}`);
    }
    return isOurTurn;
  }

  @Cron(CronExpression.EVERY_DAY_AT_5AM, { waitForCompletion: true })
  async purge(): Promise<void> {
    try {
      this.logger.log(`forgot the rankings of ${await this.backups.purge()} days`);
    } catch (error) {
      this.logger.error(`old rankings stay until tomorrow: ${String(error)}`);
    }
  }
}
