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
import { NEVER_PAID, UnpaidOrdersRepository } from './unpaid-orders.repository.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const INTERVAL_MS = 3_600_000;
/** With up to a hundred items each: far below the time limit of a statement. */
const ORDERS_AT_ONCE = 200;

/**
 * Deletes orders that ended without ever being paid and were made `order.retentionDays` ago: hourly, on one instance; two
 * that do it at once harm nobody. What was paid is kept, also when it was refunded.
 */
@Injectable()
export class ForgetUnpaidOrdersJob implements OnApplicationBootstrap {
  private readonly logger = new Logger('Retention');

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
    this.intervals.every('forget-unpaid-orders', INTERVAL_MS, () => this.run());
  }

  /** If this is the instance that works. Never throws. */
  async run(): Promise<void> {
    if (this.lease.term === undefined) return;
    try {
      const forgotten = await this.forgetOld();
      if (forgotten > 0) this.logger.log(`forgot ${forgotten} orders that were never paid`);
    } catch (error) {
      this.metrics.failures.inc({ job: 'forget' });
      // An outage is told where it begins; the next run tries again.
      if (!isDatabaseUnavailable(error)) this.logger.error('old orders stay for another hour', stackOf(error));
    }
  }

  /** How many orders were deleted. */
  async forgetOld(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - this.config.order.retentionDays * DAY_MS);
    let forgotten = 0;
    for (const end of NEVER_PAID) {
      let deleted: number;
      do {
        deleted = await this.transactions.run((manager) =>
          this.repository.delete(manager, end, before, ORDERS_AT_ONCE),
        );
        this.metrics.deleted.inc(deleted);
        forgotten += deleted;
      } while (deleted === ORDERS_AT_ONCE);
    }
    return forgotten;
  }
}
