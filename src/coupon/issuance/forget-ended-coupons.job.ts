import { Inject, Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Clock } from '../../platform/clock.js';
import { CONFIG } from '../../platform/config/config.module.js';
import type { CouponConfig } from '../coupon.config.js';
import { CouponRepository } from '../coupon.repository.js';
import { RedisCouponStore } from '../reservation/redis-coupon.store.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Frees Redis of coupons that ended `coupon.retentionDays` ago and have nothing pending. Doing it twice changes
 * nothing.
 */
@Injectable()
export class ForgetEndedCouponsJob {
  private readonly logger = new Logger('Retention');

  constructor(
    private readonly store: RedisCouponStore,
    private readonly coupons: CouponRepository,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  @Cron(CronExpression.EVERY_DAY_AT_4AM, { waitForCompletion: true })
  async run(): Promise<void> {
    try {
      const forgotten = await this.forgetEnded();
      this.logger.log(`forgot ${forgotten.length} coupons that had ended`);
    } catch (error) {
      this.logger.error(`ended coupons stay in Redis until tomorrow: ${String(error)}`);
    }
  }

  /** Forgets what is due, and returns the ids. */
  async forgetEnded(): Promise<number[]> {
    const endedBefore = this.clock.now().getTime() - this.config.coupon.retentionDays * DAY_MS;
    const forgotten: number[] = [];
    for (const coupon of await this.coupons.findMany(await this.store.couponsWithKeys())) {
      if (coupon.expiresAt.getTime() >= endedBefore) continue;
      if (await this.store.forget(coupon.id)) forgotten.push(coupon.id);
    }
    return forgotten;
  }
}
