import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { CONFIG } from '../../platform/config/config.module.js';
import { databaseErrorMessage } from '../../platform/database/database-errors.js';
import { messageOf } from '../../platform/errors/error-text.js';
import { RankingMetrics } from '../ranking-metrics.js';
import { RankingTurns, type SharedJob } from '../ranking-turns.js';
import type { RankingConfig } from '../ranking.config.js';
import { BackupService } from './backup.service.js';

/**
 * Every `ranking.backup.intervalMs` the instance whose turn it is backs up the ranking. What it writes after its turn
 * is over can't harm, since the later numbers win.
 */
@Injectable()
export class BackUpRankingJob implements OnApplicationBootstrap {
  private readonly logger = new Logger('Ranking');
  private readonly job: SharedJob;

  constructor(
    private readonly backups: BackupService,
    private readonly metrics: RankingMetrics,
    private readonly turns: RankingTurns,
    @Inject(CONFIG) config: RankingConfig,
  ) {
    this.job = { name: 'backup', intervalMs: config.ranking.backup.intervalMs };
  }

  onApplicationBootstrap(): void {
    void this.observeAge();
    this.turns.schedule(this.job, () => this.run());
  }

  /** Backs up what is due, if it is this instance's turn; true when that went well. Never throws. */
  async run(): Promise<boolean> {
    try {
      const isDone = await this.turns.take(this.job, () => this.backups.backUpAll());
      await this.backups.observeAge();
      return isDone;
    } catch (error) {
      this.metrics.backupFailures.inc();
      this.logger.error(`backup failed: ${messageOf(error)}`);
      return false;
    }
  }

  /** So that a restart does not make an old backup look new. Never throws. */
  private async observeAge(): Promise<void> {
    try {
      await this.backups.observeAge();
    } catch (error) {
      this.logger.warn(`the age of the last backup is not known yet: ${databaseErrorMessage(error)}`);
    }
  }

  /** Every instance does it: deleting twice changes nothing. The hour, by the clock of the process, does not matter. */
  @Cron(CronExpression.EVERY_DAY_AT_5AM, { waitForCompletion: true })
  async purge(): Promise<void> {
    try {
      this.logger.log(`forgot the rankings of ${await this.backups.purge()} days`);
    } catch (error) {
      this.logger.error(`old rankings stay until tomorrow: ${String(error)}`);
    }
  }
}
