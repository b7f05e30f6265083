import { Inject, Injectable, Logger } from '@nestjs/common';
import { PaidOrders } from '../../order/index.js';
import { Clock } from '../../platform/clock.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { TransactionRunner } from '../../platform/database/transaction-runner.js';
import { messageOf } from '../../platform/errors/error-text.js';
import { ProductNames } from '../../product/index.js';
import { BusinessCalendar } from '../business-calendar.js';
import { addDays, type BusinessDay } from '../business-day.js';
import { RankingMetrics } from '../ranking-metrics.js';
import type { RankingConfig } from '../ranking.config.js';
import { LATE_COMMIT_MS, rank, TOP } from '../ranking.js';
import { BackupRepository } from './backup.repository.js';

/**
 * Backups of past days that were taken before a refund. They are added up again from the paid orders, since Redis may not
 * keep the day any more.
 */
@Injectable()
export class StaleBackups {
  private readonly logger = new Logger('Ranking');
  /** What was committed as refunded before that time is in the backups. */
  private lookedAt = new Date(0);

  constructor(
    private readonly repository: BackupRepository,
    private readonly transactions: TransactionRunner,
    private readonly paidOrders: PaidOrders,
    private readonly names: ProductNames,
    private readonly calendar: BusinessCalendar,
    private readonly metrics: RankingMetrics,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: RankingConfig,
  ) {}

  /**
   * Renews those of them that lost a sale since this instance has looked, also by a refund that another one has dealt
   * with; true when all are renewed. A failure is logged and counted, and stops no other.
   *
   * @throws Error only when MySQL cannot say which days are stale
   */
  async renewAll(): Promise<boolean> {
    const lookedAt = this.clock.now();
    let areAllDone = true;
    for (const day of await this.find()) areAllDone = (await this.attempt(day)) && areAllDone;
    // Otherwise the next look begins where this one did.
    if (areAllDone) this.lookedAt = lookedAt;
    return areAllDone;
  }

  /** A refund may be committed later than the time that it bears, so a backup must be as much younger to have it. */
  private async find(): Promise<BusinessDay[]> {
    const today = this.calendar.today();
    const { from } = this.calendar.boundsOf(addDays(today, -this.config.ranking.backup.retentionDays));
    const since = new Date(Math.max(this.lookedAt.getTime() - LATE_COMMIT_MS, from.getTime()));
    const refundedAt = new Map<BusinessDay, number>();
    for (const { paidFrom, lastRefundedAt } of await this.paidOrders.refundedSales(since, from)) {
      const day = this.calendar.dayOf(paidFrom);
      if (day < today) refundedAt.set(day, Math.max(refundedAt.get(day) ?? 0, lastRefundedAt.getTime()));
    }
    if (refundedAt.size === 0) return [];
    const backedUpAt = await this.repository.backedUpAt([...refundedAt.keys()]);
    return [...backedUpAt]
      .filter(([day, time]) => time.getTime() < (refundedAt.get(day) ?? 0) + LATE_COMMIT_MS)
      .map(([day]) => day);
  }

  private async attempt(day: BusinessDay): Promise<boolean> {
    try {
      await this.renew(day);
      return true;
    } catch (error) {
      this.metrics.backupFailures.inc();
      this.logger.error(`${day}: backup failed: ${messageOf(error)}`);
      return false;
    }
  }

  private async renew(day: BusinessDay): Promise<void> {
    const asOf = this.clock.now();
    const { from, to } = this.calendar.boundsOf(day);
    const sales = await this.paidOrders.totalsBetween(from, to, TOP);
    const names = await this.names.namesOf(sales.map(({ productId }) => productId));
    const products = rank(sales, names);
    await this.transactions.run((manager) => this.repository.replace(manager, day, { asOf, products }));
  }
}
