import { Injectable, Logger } from '@nestjs/common';
import { PaidOrders, type RefundedOrder } from '../../order/index.js';
import { Clock } from '../../platform/clock.js';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import { stackOf } from '../../platform/errors/error-text.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { BusinessCalendar } from '../business-calendar.js';
import type { BusinessDay } from '../business-day.js';
import { RankingMetrics } from '../ranking-metrics.js';
import { LATE_COMMIT_MS } from '../ranking.js';
import { RankingStore } from '../ranking.store.js';

/** Orders read and compared in one exchange. */
const PAGE = 500;

/**
 * Counts down, on every day that Redis keeps, the refunds that it does not know: their process died after the commit,
 * or Redis refused it. Reads the refunds since the last look and not the days themselves, which would be all orders of a
 * week. A day whose counts were lost is not complete and is reconciled from its first order on, so nothing is looked at
 * twice for that.
 */
@Injectable()
export class LateRefunds {
  private readonly logger = new Logger('Ranking');
  /** What was committed as refunded before that time is counted down. */
  private lookedAt = new Date(0);

  constructor(
    private readonly store: RankingStore,
    private readonly paidOrders: PaidOrders,
    private readonly calendar: BusinessCalendar,
    private readonly metrics: RankingMetrics,
    private readonly clock: Clock,
  ) {}

  /** Looks; false when that failed, which is logged, unless in an outage: that is reported where it begins. */
  async tryUncount(): Promise<boolean> {
    try {
      await this.uncount();
      return true;
    } catch (error) {
      if (!(error instanceof RedisUnavailableError) && !isDatabaseUnavailable(error)) {
        this.logger.error('refunds are not counted down', stackOf(error));
      }
      return false;
    }
  }

  /** @throws RedisUnavailableError, and what the database throws: then the next look begins where this one did */
  private async uncount(): Promise<void> {
    const lookedAt = this.clock.now();
    const since = new Date(this.lookedAt.getTime() - LATE_COMMIT_MS);
    const oldest = this.calendar.pastKeptDays().at(-1) ?? this.calendar.today();
    const { from } = this.calendar.boundsOf(oldest);
    const failures: unknown[] = [];
    for (let after: RefundedOrder | undefined; ;) {
      const orders = await this.paidOrders.refundedSince(since > from ? since : from, from, PAGE, after);
      after = orders.at(-1);
      if (after === undefined) break;
      // A day whose shard is away keeps none of the others.
      for (const [day, ofDay] of this.byDay(orders))
        await this.uncountOf(day, ofDay).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
    this.lookedAt = lookedAt;
  }

  private byDay(orders: readonly RefundedOrder[]): Map<BusinessDay, RefundedOrder[]> {
    const days = new Map<BusinessDay, RefundedOrder[]>();
    for (const order of orders) {
      const day = this.calendar.dayOf(order.paidAt);
      days.set(day, [...(days.get(day) ?? []), order]);
    }
    return days;
  }

  private async uncountOf(day: BusinessDay, orders: readonly RefundedOrder[]): Promise<void> {
    const missing = await this.paidOrders.itemsOf(await this.store.unrefunded(day, orders));
    const { uncounted } = await this.store.uncount(day, missing);
    if (uncounted === 0) return;
    this.metrics.corrections.inc(uncounted);
    this.logger.log(`${day}: counted ${uncounted} refunds that Redis did not know`);
  }
}
