import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { SingleFlight } from '../../platform/concurrency/single-flight.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { CircuitBreakers } from '../../platform/metrics/circuit-breakers.js';
import { BusinessCalendar } from '../business-calendar.js';
import type { BusinessDay } from '../business-day.js';
import type { RankingConfig } from '../ranking.config.js';
import { RankingLease, type Validity } from '../ranking-lease.js';
import { rank, shown, type SourcedSnapshot, TOP } from '../ranking.js';
import { RankingStore } from '../ranking.store.js';
import { ReconcileService } from '../reconcile/reconcile.service.js';
import { OutageBreaker } from './outage-breaker.js';
import { ProductLabels } from './product-labels.js';

/** What Redis answers, and whether sales before the question may be missing in it. */
type LiveSnapshot = SourcedSnapshot & Validity;
type LiveStanding = Validity & { readonly rank: number | null; readonly salesCount: number };

/**
 * The ranking as Redis has it, through a circuit breaker. The breaker is closed by our own probe, and only after today
 * has been reconciled: so the first answer from Redis has the sales of the outage.
 */
@Injectable()
export class LiveRanking implements OnModuleDestroy {
  private readonly logger = new Logger('Ranking');
  private readonly breaker: OutageBreaker;
  private readonly readings = new SingleFlight<BusinessDay, LiveSnapshot | undefined>();
  /** The days of which a sale was not counted, and which have not been reconciled since. */
  private readonly missed = new Set<BusinessDay>();

  constructor(
    private readonly store: RankingStore,
    private readonly labels: ProductLabels,
    private readonly reconciles: ReconcileService,
    private readonly lease: RankingLease,
    private readonly calendar: BusinessCalendar,
    private readonly clock: Clock,
    breakers: CircuitBreakers,
    @Inject(CONFIG) config: RankingConfig,
  ) {
    this.breaker = new OutageBreaker({
      timeoutMs: config.ranking.readTimeoutMs,
      recovery: { intervalMs: config.redis.breaker.probeIntervalMs, attempt: (close) => this.recover(close) },
      onOpen: (reason) =>
        this.logger.warn(
          `Redis is not asked for rankings until it answers and is reconciled: ${reason || 'a sale was not counted'}`,
        ),
      onClose: () => this.logger.log('Redis is asked for rankings again'),
    });
    breakers.watch('ranking', () => this.breaker.isOpen);
  }

  onModuleDestroy(): void {
    this.breaker.end();
  }

  /** The top 100 of the day; undefined while Redis is away, or the day is not complete there. */
  async top(day: BusinessDay): Promise<LiveSnapshot | undefined> {
    if (!this.store.keeps(day) || this.breaker.isOpen) return undefined;
    return await this.readings.run(day, () => this.read(day));
  }

  /** One product of the day; undefined as for `top`. */
  async product(day: BusinessDay, productId: number): Promise<LiveStanding | undefined> {
    if (!this.store.keeps(day)) return undefined;
    const askedAt = this.clock.now();
    const found = await this.askComplete(day, () => this.store.rankOf(day, productId));
    if (found === undefined) return undefined;
    const { reconciledMsAgo, ...standing } = found;
    return { ...standing, ...this.lease.validityOf(day, askedAt, reconciledMsAgo) };
  }

  /** For who could not count a sale of the day: nothing is answered from Redis until the day has been reconciled. */
  suspend(day: BusinessDay): void {
    this.missed.add(day);
    this.breaker.open();
  }

  private async read(day: BusinessDay): Promise<LiveSnapshot | undefined> {
    const askedAt = this.clock.now();
    const found = await this.askComplete(day, () => this.store.top(day, TOP));
    if (found === undefined) return undefined;
    const { sales, reconciledMsAgo } = found;
    const names = await this.labels.of(sales.map(({ productId }) => productId));
    return {
      source: 'redis',
      ...this.lease.validityOf(day, askedAt, reconciledMsAgo),
      products: shown(rank(sales, names)),
    };
  }

  private async askComplete<T>(day: BusinessDay, exchange: () => Promise<T | undefined>): Promise<T | undefined> {
    const counts = day === this.calendar.today();
    const answer = await this.breaker.ask(async () => ({ found: await exchange() }), { counts });
    if (answer !== undefined && answer.found === undefined) this.reconciles.request(day);
    return answer?.found;
  }

  private async recover(close: () => void): Promise<void> {
    await this.store.ping(this.calendar.today());
    await this.reconcileMissed();
    if (this.missed.size === 0) close();
  }

  /**
   * Reconciles today and the days with a missed sale; these stay missed where it fails, or where another sale was
   * missed meanwhile. A day without one is exact already: its marker vouches for it, also without MySQL.
   */
  private async reconcileMissed(): Promise<void> {
    const missed = new Set(this.missed);
    this.missed.clear();
    for (const day of new Set([this.calendar.today(), ...missed])) {
      const isReconciled = await this.reconciles.tryReconcile(day);
      if (!isReconciled && missed.has(day)) this.missed.add(day);
    }
  }
}
