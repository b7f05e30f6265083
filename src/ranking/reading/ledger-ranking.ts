import { Inject, Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { PaidOrders } from '../../order/index.js';
import { Clock } from '../../platform/clock.js';
import { SingleFlight } from '../../platform/concurrency/single-flight.js';
import { messageOf } from '../../platform/errors/error-text.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { CircuitBreakers } from '../../platform/metrics/circuit-breakers.js';
import { BackupRepository } from '../backup/backup.repository.js';
import { BackupService } from '../backup/backup.service.js';
import { BusinessCalendar } from '../business-calendar.js';
import type { BusinessDay } from '../business-day.js';
import { RankingMetrics } from '../ranking-metrics.js';
import type { RankingConfig } from '../ranking.config.js';
import { type Backup, rank, type RankedSales, shown, type SourcedSnapshot, TOP } from '../ranking.js';
import { OutageBreaker } from './outage-breaker.js';
import { ProductLabels } from './product-labels.js';

/** An answer of MySQL serves all who ask within this time. */
const SHARED_MS = 500;
const SHARED_DAYS = 32;
const TIMEOUT_MS = 2_000;
const RETRY_AFTER_MS = 1_000;
/** So many backups have failed by then, or one was late. */
const OVERDUE_INTERVALS = 2;
const BEGINNING = new Date(0);

/** What MySQL answers, and from which of its tables. */
export type LedgerSnapshot = SourcedSnapshot & { readonly source: 'backup' | 'database' };

/**
 * The ranking as MySQL has it: the day's backup, or where there is none yet, none as late as wanted, or for today none for
 * two intervals, the paid orders added up, which are the backup from then on. Each has a breaker of its own, since to add up a day takes long where to read a backup does not; and what a
 * past day takes long for is held against neither.
 */
@Injectable()
export class LedgerRanking {
  private readonly logger = new Logger('Ranking');
  private readonly shared = new LRUCache<BusinessDay, LedgerSnapshot>({ max: SHARED_DAYS, ttl: SHARED_MS });
  private readonly loads = new SingleFlight<BusinessDay, LedgerSnapshot | undefined>();
  private readonly overdueMs: number;
  private readonly backupBreaker = this.breakerOf('backups of rankings');
  private readonly databaseBreaker = this.breakerOf('paid orders to rank');

  constructor(
    private readonly repository: BackupRepository,
    private readonly backups: BackupService,
    private readonly paidOrders: PaidOrders,
    private readonly labels: ProductLabels,
    private readonly calendar: BusinessCalendar,
    private readonly metrics: RankingMetrics,
    private readonly clock: Clock,
    breakers: CircuitBreakers,
    @Inject(CONFIG) config: RankingConfig,
  ) {
    this.overdueMs = OVERDUE_INTERVALS * config.ranking.backup.intervalMs;
    breakers.watch('ranking_backup', () => this.backupBreaker.isOpen);
    breakers.watch('ranking_database', () => this.databaseBreaker.isOpen);
  }

  /** The top 100 of the day, of `since` or later where that is given; undefined while MySQL is away. */
  async top(day: BusinessDay, since = BEGINNING): Promise<LedgerSnapshot | undefined> {
    const shared = this.shared.get(day);
    if (shared !== undefined && shared.asOf >= since) return shared;
    const isJoining = this.loads.has(day);
    const snapshot = await this.loads.run(day, () => this.load(day, since));
    const isWanted = snapshot === undefined || (snapshot.products.length > 0 && snapshot.asOf >= since);
    if (!isJoining || isWanted) return snapshot;
    // What it joined may have looked before the first sale of the day, which the caller knows of, or wanted less.
    return await this.loads.run(day, () => this.load(day, since));
  }

  private async load(day: BusinessDay, since: Date): Promise<LedgerSnapshot | undefined> {
    const snapshot = await this.read(day, since);
    // An empty answer serves nobody else: the next caller may know of a sale.
    if (snapshot !== undefined && snapshot.products.length > 0 && !this.hasLater(day, snapshot))
      this.shared.set(day, snapshot);
    return snapshot;
  }

  /** The backup that it has been stored as, for instance. */
  private hasLater(day: BusinessDay, { asOf }: LedgerSnapshot): boolean {
    const shared = this.shared.get(day);
    return shared !== undefined && shared.asOf >= asOf;
  }

  private async read(day: BusinessDay, since: Date): Promise<LedgerSnapshot | undefined> {
    const counts = { counts: day === this.calendar.today() };
    const stored = await this.backupBreaker.ask(async () => ({ backup: await this.repository.find(day) }), counts);
    if (stored === undefined) return undefined;
    const { backup } = stored;
    const isUsable = backup !== undefined && backup.asOf >= since;
    if (!isUsable || this.isOverdue(day, backup)) {
      const added = await this.databaseBreaker.ask(() => this.addUp(day), counts);
      if (added !== undefined || !isUsable) return added;
    }
    return { source: 'backup', asOf: backup.asOf, products: shown(await this.named(backup.products)) };
  }

  /** Today's should have been replaced: nobody can take one from Redis, and the sales since then are in MySQL alone. */
  private isOverdue(day: BusinessDay, { asOf }: Backup): boolean {
    return day === this.calendar.today() && this.clock.now().getTime() - asOf.getTime() > this.overdueMs;
  }

  private async addUp(day: BusinessDay): Promise<LedgerSnapshot> {
    const asOf = this.clock.now();
    const { from, to } = this.calendar.boundsOf(day);
    const sales = await this.paidOrders.totalsBetween(from, to, TOP);
    const products = rank(sales, await this.labels.of(sales.map(({ productId }) => productId)));
    if (products.length > 0) await this.store(day, { asOf, products });
    return { source: 'database', asOf, products: shown(products) };
  }

  /** With the names that were not known when it was stored, where they are by now. */
  private async named(products: readonly RankedSales[]): Promise<RankedSales[]> {
    const nameless = products.filter(({ productName }) => productName === null).map(({ productId }) => productId);
    const names = await this.labels.of(nameless);
    return products.map((product) => ({
      ...product,
      productName: product.productName ?? names.get(product.productId) ?? null,
    }));
  }

  /** The answer is as good without it; then the next one adds up again. */
  private async store(day: BusinessDay, backup: Backup): Promise<void> {
    try {
      await this.backups.write(day, backup);
      // The next ones are answered from the backup that it has become.
      this.shared.set(day, { source: 'backup', asOf: backup.asOf, products: shown(backup.products) });
    } catch (error) {
      this.metrics.backupFailures.inc();
      this.logger.error(`${day}: backup failed: ${messageOf(error)}`);
    }
  }

  private breakerOf(what: string): OutageBreaker {
    return new OutageBreaker({
      timeoutMs: TIMEOUT_MS,
      retryAfterMs: RETRY_AFTER_MS,
      onOpen: (reason) =>
        this.logger.error(`MySQL gives no ${what}, and is asked once in ${RETRY_AFTER_MS} ms: ${reason}`),
      onClose: () => this.logger.log(`MySQL gives ${what} again`),
    });
  }
}
