import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { RelayLease } from '../events/index.js';
import { Clock } from '../platform/clock.js';
import { CONFIG } from '../platform/config/config.module.js';
import { isDatabaseUnavailable } from '../platform/database/database-errors.js';
import { TransactionRunner } from '../platform/database/transaction-runner.js';
import { stackOf } from '../platform/errors/error-text.js';
import { Intervals } from '../platform/scheduling/intervals.js';
import { OrderMetrics } from './order-metrics.js';
import type { OrderConfig } from './order.config.js';
import { UnpaidOrdersRepository } from './unpaid-orders.repository.js';

const MINUTE_MS = 60_000;
/** Few, so that whoever wants one of them waits for a moment only. */
const ORDERS_AT_ONCE = 200;

/**
 * Lets orders expire that were made `order.expireAfterMinutes` ago and are not paid, on one instance; two that do it at once
 * harm nobody. Until then the order is PENDING and may be paid: what is stored is the truth, not what a clock says.
 */
@Injectable()
export class ExpireOrdersJob implements OnApplicationBootstrap {
  private readonly logger = new Logger('Orders');

  constructor(
    private readonly repository: UnpaidOrdersRepository,
    private readonly transactions: TransactionRunner,
    private readonly lease: RelayLease,
    private readonly metrics: OrderMetrics,
    private readonly clock: Clock,
    private readonly intervals: Intervals,
    @Inject(CONFIG) private readonly config: OrderConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.intervals.every('expire-orders', this.config.order.expiryIntervalMs, () => this.run());
  }

  /** If this is the instance that works. Never throws. */
  async run(): Promise<void> {
    if (this.lease.term === undefined) return;
    try {
      await this.expireOld();
    } catch (error) {
      this.metrics.failures.inc({ job: 'expire' });
      // An outage is told where it begins; the next run tries again.
      if (!isDatabaseUnavailable(error)) this.logger.error('unpaid orders stay PENDING for now', stackOf(error));
    }
  }

  /** How many orders have expired. */
  async expireOld(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - this.config.order.expireAfterMinutes * MINUTE_MS);
    let expired = 0;
    for (;;) {
      const count = await this.transactions.run((manager) => this.repository.expire(manager, before, ORDERS_AT_ONCE));
      this.metrics.expired.inc(count);
      expired += count;
      if (count < ORDERS_AT_ONCE) return expired;
    }
  }
}
