import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import { stackOf } from '../../platform/errors/error-text.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { Intervals } from '../../platform/scheduling/intervals.js';
import type { CouponConfig } from '../coupon.config.js';
import { IssuanceMetrics } from './issuance-metrics.js';
import { SweepService } from './sweep.service.js';

/** Sweeps every `coupon.sweep.intervalMs`, on every instance: sweeping twice changes nothing. One sweep at a time. */
@Injectable()
export class SweepPendingJob implements OnApplicationBootstrap {
  private readonly logger = new Logger('Sweep');

  constructor(
    private readonly sweep: SweepService,
    private readonly metrics: IssuanceMetrics,
    private readonly intervals: Intervals,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  onApplicationBootstrap(): void {
    // At once too: the first sweep only looks, the second one issues what it saw.
    this.intervals.every('sweep-pending', this.config.coupon.sweep.intervalMs, () => this.run(), { atOnce: true });
  }

  private async run(): Promise<void> {
    try {
      await this.sweep.sweepAll();
      this.metrics.sweeps.inc({ result: 'done' });
    } catch (error) {
      this.metrics.sweeps.inc({ result: 'failed' });
      // Both outages are reported where they begin; the next sweep tries again.
      if (!(error instanceof RedisUnavailableError) && !isDatabaseUnavailable(error)) {
        this.logger.error('sweep failed', stackOf(error));
      }
    }
  }
}
