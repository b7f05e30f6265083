import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import { stackOf } from '../../platform/errors/error-text.js';
import { Intervals } from '../../platform/scheduling/intervals.js';
import type { CouponConfig } from '../coupon.config.js';
import { CouponWatch } from './coupon-watch.service.js';

/** Looks at the open coupons every `coupon.watch.intervalMs`, on every instance: it only reads. One look at a time. */
@Injectable()
export class WatchCouponsJob implements OnApplicationBootstrap {
  private readonly logger = new Logger('Watch');
  private hasFailed = false;

  constructor(
    private readonly watch: CouponWatch,
    private readonly intervals: Intervals,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.config.metrics.enabled) return;
    this.intervals.every('watch-coupons', this.config.coupon.watch.intervalMs, () => this.run(), { atOnce: true });
  }

  private async run(): Promise<void> {
    try {
      await this.watch.look();
      this.hasFailed = false;
    } catch (error) {
      // The same again every few seconds says nothing new.
      if (!this.hasFailed) this.logger.error('open coupons cannot be watched', stackOf(error));
      this.hasFailed = true;
    }
  }
}
