import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { inParallel } from '../../platform/concurrency/in-parallel.js';
import { isDatabaseAway } from '../../platform/database/database-errors.js';
import { messageOf, stackOf } from '../../platform/errors/error-text.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { CouponRepository } from '../coupon.repository.js';
import { DefinitionPublisher } from './definition-publisher.service.js';
import { reservationKeys } from './reservation-keys.js';
import { RebuildService } from './rebuild.service.js';

/** One whose row is locked takes as long as MySQL lets it wait, and must not hold up the others. */
const MAX_AT_ONCE = 4;

/** Loads every coupon that has not ended, now and whenever a connection to a Redis server is ready. */
@Injectable()
export class LoadCouponsWhenRedisIsReadyListener implements OnApplicationBootstrap {
  private readonly logger = new Logger('Rebuild');
  private isDue = false;
  private isLoading = false;

  constructor(
    private readonly redis: RedisConnection,
    private readonly coupons: CouponRepository,
    private readonly rebuilds: RebuildService,
    private readonly publisher: DefinitionPublisher,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.redis.onReady(() => void this.load());
  }

  /** Starts anew when a connection was lost, and another one is ready, while it was at it. */
  private async load(): Promise<void> {
    this.isDue = true;
    if (this.isLoading) return;
    this.isLoading = true;
    while (this.isDue) {
      this.isDue = false;
      await this.loadEach();
    }
    this.isLoading = false;
  }

  private async loadEach(): Promise<void> {
    try {
      await inParallel(await this.coupons.idsToReserve(this.clock.now()), MAX_AT_ONCE, async (couponId) => {
        if (this.redis.isWell(reservationKeys.state(couponId))) await this.loadOne(couponId);
      });
    } catch (error) {
      // Each coupon is loaded by its first reserve all the same.
      this.logger.warn(`coupons not loaded ahead: ${messageOf(error)}`);
    }
  }

  /** One that cannot be loaded does not stop the others, unless MySQL is away. */
  private async loadOne(couponId: number): Promise<void> {
    try {
      const isLoaded = await this.rebuilds.load(couponId);
      // What was loaded all the time may have missed a change while there was no connection.
      if (isLoaded) await this.publisher.publish(couponId);
    } catch (error) {
      // The server of its keys went away: it is loaded when that is ready again.
      if (error instanceof RedisUnavailableError) return;
      if (isDatabaseAway(error)) throw error;
      this.logger.error(`coupon ${couponId}: not loaded ahead`, stackOf(error));
    }
  }
}
