import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import type { CouponConfig } from '../coupon.config.js';
import type { Coupon } from '../coupon.entity.js';
import { CouponRepository } from '../coupon.repository.js';
import { type RedisCoupon, RedisCouponStore } from '../reservation/redis-coupon.store.js';
import { driftBetween, type Look } from './coupon-drift.js';
import { PendingAge } from './pending-age.js';

/** How an open coupon stands. */
export interface CouponObservation {
  readonly couponId: number;
  readonly capacity: number;
  readonly issuedQuantity: number;
  /** Complete and trusted in Redis; otherwise closed until it is rebuilt. */
  readonly isLoaded: boolean;
  readonly remainingQuantity: number;
  readonly pending: number;
  /** Seconds since the number of the oldest pending reservation was first seen given out; 0 when none is pending. */
  readonly oldestPendingSeconds: number;
  /** See {@link driftBetween}; undefined at the first look, and while MySQL cannot be asked. */
  readonly drift: number | undefined;
}

interface Watched {
  coupon: Coupon;
  readonly age: PendingAge;
  look: Look | undefined;
  observation: CouponObservation | undefined;
}

/**
 * Looks at the open coupons from time to time: what is pending, for how long, and whether Redis and MySQL agree. A
 * coupon that is over is watched for as long as something of it is pending. While MySQL is away it goes on with the
 * coupons it knows; while Redis is away there is nothing to see.
 */
@Injectable()
export class CouponWatch {
  private watched = new Map<number, Watched>();
  /** Open coupons, also those above `coupon.watch.maxCoupons`, which are not watched. */
  openCoupons = 0;

  constructor(
    private readonly coupons: CouponRepository,
    private readonly store: RedisCouponStore,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  /** What the last look saw, the coupon that opened last first; nothing while Redis is away. */
  get observations(): CouponObservation[] {
    return [...this.watched.values()].flatMap(({ observation }) => observation ?? []);
  }

  /** Looks once. Outages are no errors here. */
  async look(): Promise<void> {
    await this.chooseCoupons();
    try {
      const ids = [...this.watched.keys()];
      const redisCoupons = await this.store.inspectMany(ids);
      const rowOf = await this.rows(ids);
      for (const [couponId, watched] of this.watched) {
        await this.tryToLookAt(watched, redisCoupons.get(couponId), rowOf?.get(couponId));
      }
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error;
      for (const watched of this.watched.values()) this.seeNothingOf(watched);
    }
  }

  private async tryToLookAt(watched: Watched, redisCoupon: RedisCoupon | undefined, row: Coupon | undefined) {
    try {
      if (redisCoupon === undefined) this.seeNothingOf(watched);
      else await this.lookAt(watched, redisCoupon, row);
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error;
      this.seeNothingOf(watched);
    }
  }

  private seeNothingOf(watched: Watched): void {
    watched.observation = undefined;
    watched.look = undefined;
  }

  private async chooseCoupons(): Promise<void> {
    const now = this.clock.now();
    const known = [...this.watched.values()];
    const unfinished = known
      .filter(({ observation }) => observation === undefined || observation.pending > 0)
      .map(({ coupon }) => coupon);
    const open = await this.openNow(now, known);
    // What is unfinished is what this is for: coupons that open meanwhile must not push it out.
    const ids = new Set([...unfinished, ...open].map(({ id }) => id));
    const chosen = new Set([...ids].slice(0, this.config.coupon.watch.maxCoupons));
    this.watched = new Map(
      [...open, ...unfinished]
        .filter(({ id }) => chosen.has(id))
        .map((coupon) => [
          coupon.id,
          this.watched.get(coupon.id) ?? { coupon, age: new PendingAge(), look: undefined, observation: undefined },
        ]),
    );
  }

  private async openNow(now: Date, known: readonly Watched[]): Promise<Coupon[]> {
    try {
      const { coupons, count } = await this.coupons.findOpen(now, this.config.coupon.watch.maxCoupons);
      this.openCoupons = count;
      return coupons;
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      return known.map(({ coupon }) => coupon).filter(({ expiresAt }) => expiresAt > now);
    }
  }

  /** The coupons as MySQL has them now, or undefined while it is away. */
  private async rows(couponIds: readonly number[]): Promise<Map<number, Coupon> | undefined> {
    try {
      return new Map((await this.coupons.findMany(couponIds)).map((coupon) => [coupon.id, coupon]));
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      return undefined;
    }
  }

  private async lookAt(watched: Watched, redisCoupon: RedisCoupon, row: Coupon | undefined): Promise<void> {
    const { id: couponId } = watched.coupon;
    const lowest = redisCoupon.pending > 0 ? await this.store.oldestPending(couponId) : undefined;
    const now = this.clock.now().getTime();
    if (redisCoupon.sequence !== undefined) watched.age.look(redisCoupon.sequence, lowest, now);

    watched.coupon = row ?? watched.coupon;
    const { capacity, issuedQuantity } = watched.coupon;
    const look = row && { redis: redisCoupon, capacity, issuedQuantity };
    watched.observation = {
      couponId,
      capacity,
      issuedQuantity,
      isLoaded: redisCoupon.loaded,
      remainingQuantity: Math.max(0, capacity - Math.max(redisCoupon.users, issuedQuantity)),
      pending: redisCoupon.pending,
      oldestPendingSeconds: lowest === undefined ? 0 : watched.age.of(lowest, now) / 1000,
      drift: look && watched.look && driftBetween(watched.look, look),
    };
    watched.look = look;
  }
}
