import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import type { CouponConfig } from '../coupon.config.js';
import { type CouponDefinition, toStateFields } from './coupon-definition.js';
import { scriptKeys, reservationKeys as keys } from './reservation-keys.js';
import { SeenNumbers } from './seen-numbers.js';

/** The last number of a sequence that is known; unless it is certain, numbers may have been given out above it. */
export interface LastNumber {
  readonly number: number;
  readonly isCertain: boolean;
}

/**
 * The Redis side of a rebuild: closes a coupon, collects its users under a lock, and opens it again in one step. Every
 * method throws RedisUnavailableError when Redis can't be asked.
 */
@Injectable()
export class RebuildStore {
  constructor(
    private readonly redis: RedisConnection,
    private readonly seen: SeenNumbers,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  /**
   * Takes the rebuild lock and closes the coupon. 'BUSY' when someone else rebuilds it; 'LOADED', and nothing changes,
   * when it is loaded and `unlessLoaded`.
   */
  async beginRebuild(
    couponId: number,
    token: string,
    { unlessLoaded = false } = {},
  ): Promise<'BUSY' | 'LOADED' | LastNumber> {
    const [answer, lastNumber = 0] = await this.redis.ask(keys.rebuildLock(couponId), (client) =>
      client.beginRebuild(
        ...scriptKeys(couponId),
        keys.rebuildLock(couponId),
        keys.rebuildUsers(couponId),
        token,
        this.config.coupon.rebuild.lockTtlMs,
        this.seen.greatestOf(couponId),
        unlessLoaded ? '1' : '0',
      ),
    );
    if (answer === -3) return 'LOADED';
    if (answer === -1) return 'BUSY';
    const number = Math.max(lastNumber, this.seen.greatestOf(couponId));
    return { number, isCertain: answer === 1 };
  }

  /** Keeps the lock for another `coupon.rebuild.lockTtlMs`; false when it was lost. */
  async renewLock(couponId: number, token: string): Promise<boolean> {
    const answer = await this.redis.ask(keys.rebuildLock(couponId), (client) =>
      client.renewRebuild(
        keys.rebuildLock(couponId),
        keys.rebuildUsers(couponId),
        token,
        this.config.coupon.rebuild.lockTtlMs,
      ),
    );
    return answer === 1;
  }

  /** Adds users who hold a row to the rebuild; false when the lock was lost. */
  async addRebuiltUsers(couponId: number, token: string, userIds: readonly number[]): Promise<boolean> {
    const answer = await this.redis.ask(keys.rebuildLock(couponId), (client) =>
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

  /**
   * Ends the rebuild and opens the coupon; the next number is above `sequenceBase`. False if the lock was lost, or if of
   * the `users` that were added not all are there.
   */
  async swapRebuilt(
    definition: CouponDefinition,
    token: string,
    { users, epoch, sequenceBase }: { users: number; epoch: number; sequenceBase: number },
  ): Promise<boolean> {
    const id = definition.couponId;
    const answer = await this.redis.ask(keys.rebuildLock(id), (client) =>
      client.swapRebuilt(
        ...scriptKeys(id),
        keys.rebuildLock(id),
        keys.rebuildUsers(id),
        token,
        users,
        sequenceBase,
        ...toStateFields(definition),
        'epoch',
        epoch,
      ),
    );
    return answer === 1;
  }

  /** Gives back the lock; nothing happens when it was lost before. */
  async endRebuild(couponId: number, token: string): Promise<void> {
    const lock = keys.rebuildLock(couponId);
    await this.redis.ask(lock, (client) => client.endRebuild(lock, keys.rebuildUsers(couponId), token));
  }
}
