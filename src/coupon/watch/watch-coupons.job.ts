import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { CouponWatch } from './coupon-watch.service.js';

const NAME = 'watch-coupons';

/** Looks at the open coupons every `metrics.couponIntervalMs`, on every instance: it only reads. One look at a time. */
@Injectable()
export class WatchCouponsJob implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Watch');
  private isLooking = false;
  private hasFailed = false;

  constructor(
    private readonly watch: CouponWatch,
    private readonly scheduler: SchedulerRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    const { enabled, couponIntervalMs } = this.config.metrics;
    if (!enabled) return;
    void this.run();
    this.scheduler.addInterval(NAME, setInterval(() => void this.run(), couponIntervalMs));
  }

  onModuleDestroy(): void {
    if (this.scheduler.doesExist('interval', NAME)) this.scheduler.deleteInterval(NAME);
  }

  private async run(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      await this.watch.look();
      this.hasFailed = false;
    } catch (error) {
      // The same again every few seconds says nothing new.
      if (!this.hasFailed) this.logger.error('open coupons can not be watched', error instanceof Error ? error.stack : String(error));
      this.hasFailed = true;
    } finally {
      this.isLooking = false;
    }
  }
}
