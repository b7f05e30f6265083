import { Injectable, Logger } from '@nestjs/common';
import { type PaidOrder, PaidOrders } from '../../order/index.js';
import { Clock } from '../../platform/clock.js';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import { stackOf } from '../../platform/errors/error-text.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { BusinessCalendar } from '../business-calendar.js';
import type { BusinessDay } from '../business-day.js';
import { RankingMetrics } from '../ranking-metrics.js';
import { RankingStore } from '../ranking.store.js';

/** Orders read and compared in one exchange. */
const PAGE = 500;
/** A Redis that loses its keys again and again during a reconcile is left to the next one. */
const ATTEMPTS = 3;
/** After a failure, so that not every read of an outage starts a reconcile. */
const PAUSE_MS = 500;

/**
 * Makes the counts of a day exact: counts, with the script that counts every payment, the paid orders that Redis does
 * not know, counts down with that of every refund those that were refunded, and then marks the day complete. It never
 * overwrites a count, so a payment or a refund that comes in meanwhile is neither lost nor doubled. Safe to run twice
 * and on every instance at once.
 */
@Injectable()
export class ReconcileService {
  private readonly logger = new Logger('Ranking');
  private readonly running = new Map<BusinessDay, Promise<number>>();
  private readonly failedAt = new Map<BusinessDay, number>();

  constructor(
    private readonly store: RankingStore,
    private readonly paidOrders: PaidOrders,
    private readonly calendar: BusinessCalendar,
    private readonly metrics: RankingMetrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Reconciles the day, from its first order on, also when another reconcile of the day is under way: it may have begun
   * before what the caller knows of. Returns how many orders had to be counted or counted down.
   *
   * @throws RedisUnavailableError, what the database throws, and Error when Redis loses its keys again and again
   */
  async reconcile(day: BusinessDay): Promise<number> {
    const before = this.running.get(day)?.catch(() => undefined);
    const reconciling = Promise.resolve(before).then(() => this.countUntilComplete(day));
    this.running.set(day, reconciling);
    try {
      const corrections = await reconciling;
      this.failedAt.delete(day);
      return corrections;
    } catch (error) {
      this.failedAt.set(day, performance.now());
      throw error;
    } finally {
      if (this.running.get(day) === reconciling) this.running.delete(day);
    }
  }

  /** Sees to it that the day is reconciled soon; never throws. For who finds the day's marker missing. */
  request(day: BusinessDay): void {
    if (!this.store.keeps(day) || this.running.has(day)) return;
    if (performance.now() - (this.failedAt.get(day) ?? Number.NEGATIVE_INFINITY) < PAUSE_MS) return;
    void this.tryReconcile(day);
  }

  /** As `reconcile`; false when it failed, which is logged, unless in an outage: that is reported where it begins. */
  async tryReconcile(day: BusinessDay): Promise<boolean> {
    try {
      await this.reconcile(day);
      return true;
    } catch (error) {
      if (!(error instanceof RedisUnavailableError) && !isDatabaseUnavailable(error)) {
        this.logger.error(`${day}: not reconciled`, stackOf(error));
      }
      return false;
    }
  }

  /** Tells the metric of the latest reconcile of today, also one of another instance. @throws RedisUnavailableError */
  async observeAge(): Promise<void> {
    const ms = await this.store.sinceReconcile(this.calendar.today());
    if (ms !== undefined) this.metrics.lastReconcileAt = new Date(this.clock.now().getTime() - ms);
  }

  private async countUntilComplete(day: BusinessDay): Promise<number> {
    if (!this.store.keeps(day)) return 0;
    let corrections = 0;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const token = await this.store.beginReconcile(day);
      corrections += await this.countMissing(day);
      if (!(await this.store.endReconcile(day, token))) continue;
      if (corrections > 0)
        this.logger.log(`${day}: counted ${corrections} payments and refunds that Redis did not know`);
      return corrections;
    }
    throw new Error(`Redis lost its keys ${ATTEMPTS} times during a reconcile`);
  }

  private async countMissing(day: BusinessDay): Promise<number> {
    const { from, to } = this.calendar.boundsOf(day);
    const counted = await this.correct(
      (after) => this.paidOrders.between(from, to, PAGE, after),
      async (orders) => {
        const missing = await this.paidOrders.itemsOf(await this.store.uncounted(day, orders));
        return (await this.store.count(day, missing)).counted;
      },
    );
    // After the paid ones: an order that is refunded meanwhile is found among these or among those, if not in both.
    const uncounted = await this.correct(
      (after) => this.paidOrders.refundedBetween(from, to, PAGE, after),
      async (orders) => {
        const missing = await this.paidOrders.itemsOf(await this.store.unrefunded(day, orders));
        return (await this.store.uncount(day, missing)).uncounted;
      },
    );
    return counted + uncounted;
  }

  /** Goes through the orders page by page; how many had to be corrected. */
  private async correct(
    read: (after: PaidOrder | undefined) => Promise<PaidOrder[]>,
    correctPage: (orders: PaidOrder[]) => Promise<number>,
  ): Promise<number> {
    let corrections = 0;
    for (let after: PaidOrder | undefined; ;) {
      const orders = await read(after);
      after = orders.at(-1);
      if (after === undefined) return corrections;
      const corrected = await correctPage(orders);
      this.metrics.corrections.inc(corrected);
      corrections += corrected;
    }
  }
}
