import { Injectable, Logger } from '@nestjs/common';
import type { OrderRefundedEvent } from '../order/index.js';
import { stackOf } from '../platform/errors/error-text.js';
import { On } from '../platform/events/on.decorator.js';
import { FaultPoints } from '../platform/fault-points.js';
import { RedisUnavailableError } from '../platform/redis/redis-errors.js';
import { BusinessCalendar } from './business-calendar.js';
import { RankingStore } from './ranking.store.js';
import { LiveRanking } from './reading/live-ranking.js';
import { ReconcileService } from './reconcile/reconcile.service.js';

declare module '../platform/fault-points.js' {
  interface FaultPointNames {
    uncount: 'before-ranking-uncount';
  }
}

/**
 * Counts a refunded sale down, on the day of the sale. What Redis can't take now is counted down by the next reconcile,
 * since the order is refunded in MySQL.
 */
@Injectable()
export class UncountSalesWhenOrderRefundedListener {
  private readonly logger = new Logger('Ranking');

  constructor(
    private readonly store: RankingStore,
    private readonly live: LiveRanking,
    private readonly reconciles: ReconcileService,
    private readonly calendar: BusinessCalendar,
    private readonly faults: FaultPoints,
  ) {}

  /** Never throws. */
  @On('order.refunded')
  async handle({ orderId, orderNumber, paidAt, items }: OrderRefundedEvent): Promise<void> {
    const day = this.calendar.dayOf(paidAt);
    try {
      this.faults.reach('before-ranking-uncount');
      const { isComplete } = await this.store.uncount(day, [{ orderNumber, items }]);
      if (!isComplete) this.reconciles.request(day);
    } catch (error) {
      this.live.suspend(day);
      if (error instanceof RedisUnavailableError) return;
      this.logger.error(`the refund of order ${orderId} is not counted yet`, stackOf(error));
    }
  }
}
