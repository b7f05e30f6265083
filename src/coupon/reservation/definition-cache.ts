import { Inject, Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { SingleFlight } from '../../platform/concurrency/single-flight.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import type { CouponConfig } from '../coupon.config.js';
import { CouponNotFoundError } from '../coupon.errors.js';
import { CouponRepository } from '../coupon.repository.js';
import { type CouponDefinition, definitionOf } from './coupon-definition.js';
import { DefinitionStore } from './definition.store.js';

const REMEMBERED_COUPONS = 10_000;

interface CachedDefinition {
  readonly definition: CouponDefinition;
  readonly readAt: number;
}

/**
 * Definitions in memory, so that the reserve call reads none from MySQL. The script looks at what decides (window,
 * pause, total); here that may be `coupon.definitionRefreshMs` old, and older with Redis and MySQL away.
 */
@Injectable()
export class DefinitionCache {
  private readonly logger = new Logger('Definitions');
  private readonly known = new LRUCache<number, CachedDefinition>({ max: REMEMBERED_COUPONS });
  private readonly unknown: LRUCache<number, true>;
  private readonly readings = new SingleFlight<number, CouponDefinition | undefined>();
  private readonly refreshMs: number;

  constructor(
    private readonly coupons: CouponRepository,
    private readonly store: DefinitionStore,
    @Inject(CONFIG) config: CouponConfig,
  ) {
    this.refreshMs = config.coupon.definitionRefreshMs;
    this.unknown = new LRUCache({ max: REMEMBERED_COUPONS, ttl: this.refreshMs });
  }

  /** The definition if it is in memory; never waits. Refreshes it in the background when it is due. */
  peek(couponId: number): CouponDefinition | undefined {
    const remembered = this.known.get(couponId);
    if (remembered === undefined) return undefined;
    const isDue = Date.now() - remembered.readAt > this.refreshMs && !this.readings.has(couponId);
    if (isDue) void this.refresh(couponId, remembered);
    return remembered.definition;
  }

  /**
   * The definition, or undefined when there is no such coupon, which is remembered for `coupon.definitionRefreshMs`
   * too. Throws what the database throws, for a coupon that is neither in memory nor in Redis.
   */
  async get(couponId: number): Promise<CouponDefinition | undefined> {
    const definition = this.peek(couponId);
    if (definition !== undefined || this.unknown.has(couponId)) return definition;
    return await this.read(couponId);
  }

  /** Forgets the definition of a coupon that is gone; other instances do so when they refresh it. */
  forget(couponId: number): void {
    this.known.delete(couponId);
  }

  /** Remembers a definition that was just changed here; other instances see it when they refresh theirs. */
  remember(definition: CouponDefinition): void {
    this.known.set(definition.couponId, { definition, readAt: Date.now() });
  }

  /** As `get`; @throws CouponNotFoundError when there is no such coupon */
  async require(couponId: number): Promise<CouponDefinition> {
    const definition = await this.get(couponId);
    if (definition === undefined) throw new CouponNotFoundError(couponId);
    return definition;
  }

  private async refresh(couponId: number, remembered: CachedDefinition): Promise<void> {
    try {
      await this.read(couponId);
    } catch (error) {
      if (!isDatabaseUnavailable(error)) this.logger.error(`coupon ${couponId}: definition not refreshed`, error);
      // What is remembered stays good enough until the next time.
      this.known.set(couponId, { ...remembered, readAt: Date.now() });
    }
  }

  /** Reads a definition from Redis, else from MySQL; callers who ask at once share the look-up. */
  private async read(couponId: number): Promise<CouponDefinition | undefined> {
    return await this.readings.run(couponId, async () => {
      const definition = (await this.fromRedis(couponId)) ?? (await this.fromMySql(couponId));
      if (definition === undefined) {
        this.forget(couponId);
        this.unknown.set(couponId, true);
      } else this.known.set(couponId, { definition, readAt: Date.now() });
      return definition;
    });
  }

  private async fromRedis(couponId: number): Promise<CouponDefinition | undefined> {
    try {
      return await this.store.definition(couponId);
    } catch (error) {
      if (error instanceof RedisUnavailableError) return undefined;
      throw error;
    }
  }

  private async fromMySql(couponId: number): Promise<CouponDefinition | undefined> {
    const coupon = await this.coupons.find(couponId);
    return coupon === null ? undefined : definitionOf(coupon);
  }
}
