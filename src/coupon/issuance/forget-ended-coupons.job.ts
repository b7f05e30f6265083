import { Inject, Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Clock } from '../../platform/clock.js';
import { CONFIG } from '../../platform/config/config.module.js';
import type { CouponConfig } from '../coupon.config.js';
import { stackOf } from '../../platform/errors/error-text.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { CouponRepository } from '../coupon.repository.js';
import { RedisCouponStore } from '../reservation/redis-coupon.store.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Coupons looked up in one statement. */
const PAGE = 500;

/** Frees Redis of coupons that ended `coupon.retentionDays` ago with nothing pending. Safe to do twice. */
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

  /** Forgets what is due, and returns the ids. @throws RedisUnavailableError, and what the database throws */
  async forgetEnded(): Promise<number[]> {
    const endedBefore = this.clock.now().getTime() - this.config.coupon.retentionDays * DAY_MS;
    const couponIds = await this.store.couponsWithKeys();
    const forgotten: number[] = [];
    for (let first = 0; first < couponIds.length; first += PAGE) {
      const coupons = await this.coupons.findMany(couponIds.slice(first, first + PAGE));
      for (const { id, expiresAt } of coupons) {
        if (expiresAt.getTime() < endedBefore && (await this.forget(id))) forgotten.push(id);
      }
    }
    return forgotten;
  }

  /** True when its keys are gone. One that cannot be forgotten does not stop the others. */
  private async forget(couponId: number): Promise<boolean> {
    try {
      return await this.store.forget(couponId);
    } catch (error) {
      if (error instanceof RedisUnavailableError) throw error;
      this.logger.error(`coupon ${couponId}: stays in Redis until tomorrow`, stackOf(error));
      return false;
    }
  }
}
