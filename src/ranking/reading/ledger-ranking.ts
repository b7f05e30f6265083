import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { PaidOrders } from '../../order/index.js';
import { Clock } from '../../platform/clock.js';
import { SingleFlight } from '../../platform/concurrency/single-flight.js';
import { messageOf } from '../../platform/errors/error-text.js';
import { CircuitBreakers } from '../../platform/metrics/circuit-breakers.js';
import { BackupRepository } from '../backup/backup.repository.js';
import { BackupService } from '../backup/backup.service.js';
import { BusinessCalendar } from '../business-calendar.js';
import type { BusinessDay } from '../business-day.js';
import { RankingMetrics } from '../ranking-metrics.js';
import { rank, type Snapshot, type SourcedSnapshot, TOP } from '../ranking.js';
import { OutageBreaker } from './outage-breaker.js';
import { ProductLabels } from './product-labels.js';

/** An answer of MySQL serves all who ask within this time. */
const SHARED_MS = 500;
const SHARED_DAYS = 32;
const TIMEOUT_MS = 2_000;
const RETRY_AFTER_MS = 1_000;

/** What MySQL answers, and from which of its tables. */
export type LedgerSnapshot = SourcedSnapshot & { readonly source: 'backup' | 'database' };

/** The ranking as MySQL has it: the day's backup, or where there is none yet, the paid orders added up. */
@Injectable()
export class LedgerRanking {
  private readonly logger = new Logger('Ranking');
  private readonly shared = new LRUCache<BusinessDay, LedgerSnapshot>({ max: SHARED_DAYS, ttl: SHARED_MS });
  private readonly loads = new SingleFlight<BusinessDay, LedgerSnapshot | undefined>();
  private readonly breaker = new OutageBreaker({
    timeoutMs: TIMEOUT_MS,
    retryAfterMs: RETRY_AFTER_MS,
    onOpen: (reason) =>
      this.logger.error(`MySQL gives no rankings, and is asked once in ${RETRY_AFTER_MS} ms: ${reason}`),
    onClose: () => this.logger.log('MySQL gives rankings again'),
  });

  constructor(
    private readonly repository: BackupRepository,
    private readonly backups: BackupService,
    private readonly paidOrders: PaidOrders,
    private readonly labels: ProductLabels,
    private readonly calendar: BusinessCalendar,
    private readonly metrics: RankingMetrics,
    private readonly clock: Clock,
    breakers: CircuitBreakers,
  ) {
    breakers.watch('ranking_ledger', () => this.breaker.isOpen);
  }

  /** The top 100 of the day; undefined while MySQL is away. */
  async top(day: BusinessDay): Promise<LedgerSnapshot | undefined> {
    const shared = this.shared.get(day);
    if (shared !== undefined) return shared;
    const isJoining = this.loads.has(day);
    const snapshot = await this.loads.run(day, () => this.load(day));
    if (!isJoining || snapshot?.products.length !== 0) return snapshot;
    // What it joined may have looked before the first sale of the day, which the caller knows of.
    return await this.loads.run(day, () => this.load(day));
  }

  private async load(day: BusinessDay): Promise<LedgerSnapshot | undefined> {
    const snapshot = await this.breaker.ask(() => this.read(day));
    // An empty answer serves nobody else: the next caller may know of a sale.
    if (snapshot !== undefined && snapshot.products.length > 0 && !this.shared.has(day)) this.shared.set(day, snapshot);
    return snapshot;
  }

  private async read(day: BusinessDay): Promise<LedgerSnapshot> {
    const backup = await this.repository.find(day);
    if (backup !== undefined) return { source: 'backup', ...backup };
    const asOf = this.clock.now();
    const { from, to } = this.calendar.boundsOf(day);
    const sales = await this.paidOrders.totalsBetween(from, to, TOP);
    const products = rank(sales, await this.labels.of(sales.map(({ productId }) => productId)));
    if (products.length > 0) await this.store(day, { asOf, products });
    return { source: 'database', asOf, products };
  }

  /** The answer is as good without it; then the next one adds up again. */
  private async store(day: BusinessDay, snapshot: Snapshot): Promise<void> {
    try {
      await this.backups.write(day, snapshot);
      // The next ones are answered from the backup that it has become.
      this.shared.set(day, { source: 'backup', ...snapshot });
    } catch (error) {
      this.metrics.backupFailures.inc();
      this.logger.error(`${day}: backup failed: ${messageOf(error)}`);
    }
  }
}
