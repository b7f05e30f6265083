import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { couponView, type CouponView, reservedQuantityOf } from '../coupon-view.js';
import type { Coupon } from '../coupon.entity.js';
import { CouponRepository } from '../coupon.repository.js';
import { FailureRepository } from '../issuance/failure.repository.js';
import { type RedisCoupon, RedisCouponStore } from '../reservation/redis-coupon.store.js';
import type { Refusals } from '../reservation/refusal-tally.js';
import { ReserveBreakers } from '../reservation/reserve-breakers.js';
import { CouponWatch } from './coupon-watch.service.js';
import { SharedRefusals } from './shared-refusals.service.js';

/** A coupon as the ledger has it. */
export interface LedgerSide {
  readonly coupon: Coupon;
  /** Failures that nobody has retried; of many only the first ones are counted. */
  readonly openFailures: number;
}

/** A coupon as Redis has it. */
export interface RedisSide {
  readonly redisCoupon: RedisCoupon;
  /** The lowest number that is not confirmed yet; undefined when nothing is pending. */
  readonly oldestPending: number | undefined;
  /** How long something has been pending according to {@link CouponWatch}, which looks all the time, but less often. */
  readonly pendingForMs: number;
}

/** What someone who watches a drop wants to know of a coupon at one moment. */
export interface CouponOverview {
  readonly view: CouponView;
  /** Reserved and not confirmed; null when Redis can't say, 0 with `strategy: lock`. */
  readonly pending: number | null;
  readonly oldestPending: number | null;
  /** For how long at least, as far as this process has watched. */
  readonly pendingForMs: number;
  /**
   * Grows by one with each reservation, whichever instance accepted it; null when Redis can't say. Where `epoch` has
   * changed it may have grown by more: the numbers of a coupon that was rebuilt go on above a gap.
   */
  readonly accepted: number | null;
  readonly epoch: number | null;
  /** False while the coupon is closed until it has been rebuilt; null when Redis can't say. */
  readonly isLoaded: boolean | null;
  readonly openFailures: number;
  /** By all instances, as far as is known: while Redis is away, the others as they were before. */
  readonly refusals: Refusals;
  /** False while what other instances counted could never be read. */
  readonly isRefusalsOfAll: boolean;
}

function newestFirst(a: Coupon, b: Coupon): number {
  return b.createdAt.getTime() - a.createdAt.getTime() || b.id - a.id;
}

/** Looks at coupons for their watchers. Redis and MySQL are asked apart: one may answer while the other is away. */
@Injectable()
export class CouponOverviewService {
  constructor(
    private readonly coupons: CouponRepository,
    private readonly failures: FailureRepository,
    private readonly store: RedisCouponStore,
    private readonly reserveBreakers: ReserveBreakers,
    private readonly refusals: SharedRefusals,
    private readonly watch: CouponWatch,
    private readonly clock: Clock,
  ) {}

  /** The newest coupons, and these, the newest first. Throws what the database throws. */
  async askLedger(newest: number, also: readonly number[]): Promise<LedgerSide[]> {
    const page = await this.coupons.findPage({ limit: newest });
    const missing = also.filter((couponId) => page.every(({ id }) => id !== couponId));
    const others = missing.length === 0 ? [] : await this.coupons.findMany(missing);
    const all = [...page, ...others.sort(newestFirst)];
    const failures = await this.failures.countOpen(all.map(({ id }) => id));
    return all.map((coupon) => ({ coupon, openFailures: failures.get(coupon.id) ?? 0 }));
  }

  /**
   * Those coupons whose slots Redis holds. Of all of them it hears how often they were refused.
   *
   * @throws RedisUnavailableError
   */
  async askRedis(ledgerSides: readonly LedgerSide[]): Promise<Map<number, RedisSide>> {
    const couponIds = ledgerSides
      .filter(({ coupon }) => coupon.strategy === 'reservation')
      .map(({ coupon }) => coupon.id);
    const [redisCoupons] = await Promise.all([
      this.store.inspectMany(couponIds),
      this.refusals.listen(ledgerSides.map(({ coupon }) => coupon.id)),
    ]);
    const pendingFor = new Map(
      this.watch.observations.map((observation) => [observation.couponId, observation.oldestPendingSeconds * 1000]),
    );
    const sides = [...redisCoupons].map(async ([couponId, redisCoupon]): Promise<[number, RedisSide]> => {
      const oldestPending = redisCoupon.pending === 0 ? undefined : await this.store.oldestPending(couponId);
      return [couponId, { redisCoupon, oldestPending, pendingForMs: pendingFor.get(couponId) ?? 0 }];
    });
    return new Map(await Promise.all(sides));
  }

  /** Both sides together; `redis` undefined when it can't say. Asks nobody. */
  combine({ coupon, openFailures }: LedgerSide, redis: RedisSide | undefined): CouponOverview {
    const now = this.clock.now();
    const view = couponView(coupon, reservedQuantityOf(coupon, redis?.redisCoupon, now), now);
    const { counts: refusals, isOfAll: isRefusalsOfAll } = this.refusals.of(coupon.id);
    const rest = { view, openFailures, refusals, isRefusalsOfAll };
    if (coupon.strategy === 'lock') {
      return {
        ...rest,
        pending: 0,
        oldestPending: null,
        pendingForMs: 0,
        accepted: coupon.issuedQuantity,
        epoch: 0,
        isLoaded: true,
      };
    }
    return {
      ...rest,
      pending: redis?.redisCoupon.pending ?? null,
      oldestPending: redis?.oldestPending ?? null,
      pendingForMs: redis?.pendingForMs ?? 0,
      accepted: redis?.redisCoupon.sequence ?? null,
      epoch: redis?.redisCoupon.epoch ?? null,
      isLoaded: redis?.redisCoupon.loaded ?? null,
    };
  }

  /** False while reservations, of some coupons at least, are refused at once because Redis did not answer lately. */
  get isAdmitting(): boolean {
    return !this.reserveBreakers.isAnyOpen;
  }
}
