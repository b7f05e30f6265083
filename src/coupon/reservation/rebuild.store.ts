import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import type { CouponConfig } from '../coupon.config.js';
import { type CouponDefinition, toStateFields } from './coupon-definition.js';
import { scriptKeys, reservationKeys as keys } from './reservation-keys.js';

/**
 * The Redis side of a rebuild: closes a coupon, collects its users under a lock, and opens it again in one step. Every
 * method throws RedisUnavailableError when Redis can't be asked.
 */
@Injectable()
export class RebuildStore {
  constructor(
    private readonly redis: RedisConnection,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  /**
   * Takes the rebuild lock and closes the coupon. 'BUSY' when someone else rebuilds it; 'LOADED', and nothing changes,
   * when it is loaded and `unlessLoaded`. `sequence` is the last number given out, undefined if it may be lost.
   */
  async beginRebuild(
    couponId: number,
    token: string,
    { unlessLoaded = false } = {},
  ): Promise<'BUSY' | 'LOADED' | { sequence: number | undefined }> {
    const answer = await this.redis.ask((client) =>
      client.beginRebuild(
        keys.state(couponId),
        keys.reserved(couponId),
        keys.users(couponId),
        keys.sequence(couponId),
        keys.rebuildLock(couponId),
        keys.rebuildUsers(couponId),
        token,
        this.config.coupon.rebuild.lockTtlMs,
        this.redis.requireRunId(),
        unlessLoaded ? '1' : '0',
      ),
    );
    if (answer === -3) return 'LOADED';
    return answer === -1 ? 'BUSY' : { sequence: answer === -2 ? undefined : answer };
  }

  /** Adds users who hold a row to the rebuild; false when the lock was lost. */
  async addRebuiltUsers(couponId: number, token: string, userIds: readonly number[]): Promise<boolean> {
    const answer = await this.redis.ask((client) =>
      client.addRebuiltUsers(
        keys.rebuildLock(couponId),
        keys.rebuildUsers(couponId),
        token,
        this.config.coupon.rebuild.lockTtlMs,
        ...userIds,
      ),
    );
    return answer === 1;
  }

  /** Ends the rebuild and opens the coupon; false if the lock is lost. Without `leastSequence` the sequence goes on. */
  async swapRebuilt(
    definition: CouponDefinition,
    token: string,
    { epoch, leastSequence }: { epoch: number; leastSequence: number | undefined },
  ): Promise<boolean> {
    const id = definition.couponId;
    const answer = await this.redis.ask((client) =>
      client.swapRebuilt(
        ...scriptKeys(id),
        keys.rebuildLock(id),
        keys.rebuildUsers(id),
        token,
        leastSequence ?? '',
        ...toStateFields(definition),
        'epoch',
        epoch,
        'runId',
        this.redis.requireRunId(),
      ),
    );
    return answer === 1;
  }

  /** Gives back the lock; nothing happens when it was lost before. */
  async endRebuild(couponId: number, token: string): Promise<void> {
    await this.redis.ask((client) => client.endRebuild(keys.rebuildLock(couponId), keys.rebuildUsers(couponId), token));
  }
}
