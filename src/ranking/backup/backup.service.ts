import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { TransactionRunner } from '../../platform/database/transaction-runner.js';
import { messageOf } from '../../platform/errors/error-text.js';
import { ProductNames } from '../../product/index.js';
import { BusinessCalendar } from '../business-calendar.js';
import { addDays, type BusinessDay } from '../business-day.js';
import { RankingMetrics } from '../ranking-metrics.js';
import { RankingLease } from '../ranking-lease.js';
import type { RankingConfig } from '../ranking.config.js';
import { type Backup, LATE_COMMIT_MS, rank, TOP } from '../ranking.js';
import { RankingStore } from '../ranking.store.js';
import { ReconcileService } from '../reconcile/reconcile.service.js';
import { BackupRepository } from './backup.repository.js';
import { StaleBackups } from './stale-backups.service.js';

/** How the backup of a day ended. */
export type BackupResult = 'BACKED_UP' | 'NEWER_IS_THERE' | 'NOT_COMPLETE';

/** Copies rankings to MySQL. Any instance may do it at any time, also two at once: the later numbers win. */
@Injectable()
export class BackupService {
  private readonly logger = new Logger('Ranking');

  constructor(
    private readonly store: RankingStore,
    private readonly reconciles: ReconcileService,
    private readonly repository: BackupRepository,
    private readonly staleBackups: StaleBackups,
    private readonly transactions: TransactionRunner,
    private readonly names: ProductNames,
    private readonly lease: RankingLease,
    private readonly calendar: BusinessCalendar,
    private readonly metrics: RankingMetrics,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: RankingConfig,
  ) {}

  /**
   * Backs up today, and past days last backed up before their end or before a refund; true when all of them are. A
   * failure is logged and counted, and stops no other.
   *
   * @throws Error only when MySQL cannot say which days are due
   */
  async backUpAll(): Promise<boolean> {
    let areAllDone = await this.attempt(this.calendar.today());
    for (const day of await this.unfinishedDays()) areAllDone = (await this.attempt(day)) && areAllDone;
    return (await this.staleBackups.renewAll()) && areAllDone;
  }

  /**
   * Backs up the day as Redis has it; a past day after a reconcile, since it is the last time. Numbers of today that
   * nobody has reconciled for long are stored under the time of which they are, and replace none of a later time.
   *
   * @throws RedisUnavailableError, and what the database throws
   */
  async backUp(day: BusinessDay): Promise<BackupResult> {
    if (day !== this.calendar.today()) await this.reconciles.reconcile(day);
    const askedAt = this.clock.now();
    const found = await this.store.top(day, TOP);
    if (found === undefined) {
      this.reconciles.request(day);
      return 'NOT_COMPLETE';
    }
    const { sales, reconciledMsAgo } = found;
    const { asOf } = this.lease.validityOf(day, askedAt, reconciledMsAgo);
    const names = await this.names.namesOf(sales.map(({ productId }) => productId));
    return (await this.write(day, { asOf, products: rank(sales, names) })) ? 'BACKED_UP' : 'NEWER_IS_THERE';
  }

  /** Stores it as the day's backup; false when a later one is there. @throws what the database throws */
  async write(day: BusinessDay, backup: Backup): Promise<boolean> {
    return await this.transactions.run((manager) => this.repository.replace(manager, day, backup));
  }

  /** Deletes backups older than `ranking.backup.retentionDays`; of how many days. */
  async purge(): Promise<number> {
    const oldest = addDays(this.calendar.today(), -this.config.ranking.backup.retentionDays);
    return await this.transactions.run((manager) => this.repository.deleteBefore(manager, oldest));
  }

  /** Tells the metric of the latest backup of today or yesterday, also one of another instance or before the start. */
  async observeAge(): Promise<void> {
    const today = this.calendar.today();
    const times = await this.repository.backedUpAt([today, addDays(today, -1)]);
    const latest = times.get(today) ?? times.get(addDays(today, -1));
    if (latest !== undefined) this.metrics.lastBackupAt = latest;
  }

  private async attempt(day: BusinessDay): Promise<boolean> {
    try {
      if ((await this.backUp(day)) !== 'NOT_COMPLETE') return true;
      this.logger.warn(`${day}: not backed up, it is being reconciled`);
    } catch (error) {
      this.metrics.backupFailures.inc();
      this.logger.error(`${day}: backup failed: ${messageOf(error)}`);
    }
    return false;
  }

  private async unfinishedDays(): Promise<BusinessDay[]> {
    const days = this.calendar.pastKeptDays().filter((day) => this.store.keeps(day));
    const backedUpAt = await this.repository.backedUpAt(days);
    return days.filter((day) => {
      const last = backedUpAt.get(day);
      return last === undefined || last.getTime() < this.calendar.boundsOf(day).to.getTime() + LATE_COMMIT_MS;
    });
  }
}
