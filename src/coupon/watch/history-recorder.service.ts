import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Clock } from '../../platform/clock.js';
import { SingleFlight } from '../../platform/concurrency/single-flight.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import { endsWithin } from '../../platform/time-limit.js';
import { couponView } from '../coupon-view.js';
import type { CouponConfig } from '../coupon.config.js';
import type { Coupon } from '../coupon.entity.js';
import { CouponRepository } from '../coupon.repository.js';
import { type RedisCoupon, RedisCouponStore } from '../reservation/redis-coupon.store.js';
import { CouponHistoryStore } from './coupon-history.store.js';
import type { HistoryPoint } from './history-point.js';
import { PointSeries } from './point-series.js';
import { SharedRefusals } from './shared-refusals.service.js';

/** A coupon is looked at from before it opens, so that its history begins with all of its stock. */
const BEFORE_OPENING_MS = 60_000;
/** One that was created so lately and has no history had all of its stock when it was created. */
const JUST_CREATED_MS = 60_000;
/** Which coupons are under way MySQL is asked every second; where it needs long for that, for a tenth of the time. */
const BETWEEN_LOOKS_MS = { min: 1_000, max: 10_000 };
const SHARE_OF_TIME = 10;
/** How long a point waits for its answer. */
const PATIENCE_MS = 300;
/** What MySQL said is of now for so long. */
const FRESH_MS = 3_000;

/**
 * Writes down, once a second, how the coupons under way stand, `coupon.watch.maxCoupons` at most. One instance does it
 * for all. While Redis is away nothing is written; while MySQL is away it goes on with the coupons it knows.
 */
@Injectable()
export class HistoryRecorder {
  private readonly token = randomUUID();
  private readonly looks = new SingleFlight<'look', void>();
  private underWay: readonly Coupon[] = [];
  private seenAt = 0;
  private nextLookAt = 0;
  private serieses = new Map<number, PointSeries>();

  constructor(
    private readonly coupons: CouponRepository,
    private readonly redisCoupons: RedisCouponStore,
    private readonly refusals: SharedRefusals,
    private readonly store: CouponHistoryStore,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  /** Writes a point of each, if it is this instance that does so. @throws RedisUnavailableError */
  async record(): Promise<void> {
    if (!(await this.store.lead(this.token))) {
      this.serieses.clear();
      return;
    }
    // The history of what is known goes on while MySQL takes its time.
    await endsWithin(this.look(), PATIENCE_MS);
    const now = this.clock.now().getTime();
    const open = this.underWay.filter(({ expiresAt }) => expiresAt.getTime() > now);
    const ids = open.map(({ id }) => id);
    const [redisCoupons] = await Promise.all([
      this.redisCoupons.inspectMany(open.filter(({ strategy }) => strategy === 'reservation').map(({ id }) => id)),
      this.refusals.listen(ids),
    ]);
    this.serieses = new Map(ids.map((id) => [id, this.serieses.get(id) ?? new PointSeries()]));
    await Promise.all(open.map((coupon) => this.recordOne(coupon, this.pointOf(coupon, redisCoupons.get(coupon.id)))));
  }

  /** Lets another instance go on. Never throws: where Redis does not answer, its turn ends by itself. */
  async stop(): Promise<void> {
    await this.store.stopLeading(this.token).catch(() => undefined);
  }

  private async recordOne(coupon: Coupon, point: HistoryPoint | undefined): Promise<void> {
    const series = this.serieses.get(coupon.id);
    if (point === undefined || series === undefined) return;
    const first = series.isEmpty ? await this.beginningOf(coupon, point) : undefined;
    const added = [...(first === undefined ? [] : [first]), point].map((each) => series.add(each));
    await this.store.append(coupon.id, {
      seconds: added.flatMap(({ seconds }) => seconds),
      minutes: added.flatMap(({ minutes }) => minutes),
    });
  }

  /** A small coupon is sold out before it is first looked at; its history begins with all of the stock all the same. */
  private async beginningOf({ id, createdAt, ...coupon }: Coupon, point: HistoryPoint) {
    const at = createdAt.getTime();
    if (at >= point.at || at < point.at - JUST_CREATED_MS) return undefined;
    if ((await this.store.lastOf(id)) !== undefined) return undefined;
    return { at, remaining: coupon.totalQuantity, accepted: 0, epoch: point.epoch, pending: 0, refusals: {} };
  }

  /** Undefined where nothing is known of it now. */
  private pointOf(coupon: Coupon, redisCoupon: RedisCoupon | undefined): HistoryPoint | undefined {
    const now = this.clock.now();
    const rest = { at: now.getTime(), refusals: this.refusals.of(coupon.id).counts };
    if (coupon.strategy === 'lock') {
      if (now.getTime() - this.seenAt > FRESH_MS) return undefined;
      const { remainingQuantity: remaining, issuedQuantity: accepted } = couponView(coupon, 0, now);
      return { ...rest, remaining, accepted, epoch: 0, pending: 0 };
    }
    if (redisCoupon?.loaded !== true) return undefined;
    const { definition, users, sequence, epoch, pending } = redisCoupon;
    if (definition === undefined || sequence === undefined || epoch === undefined) return undefined;
    const remaining = Math.max(0, definition.capacity - users);
    return { ...rest, remaining, accepted: sequence, epoch, pending };
  }

  /** Sees which coupons are under way; while MySQL is away it knows what it knew. */
  private async look(): Promise<void> {
    if (this.clock.now().getTime() < this.nextLookAt) return;
    await this.looks.run('look', async () => {
      const askedAt = this.clock.now();
      const soon = new Date(askedAt.getTime() + BEFORE_OPENING_MS);
      try {
        this.underWay = await this.coupons.findUnderWay(askedAt, soon, this.config.coupon.watch.maxCoupons);
        this.seenAt = askedAt.getTime();
      } catch (error) {
        if (!isDatabaseUnavailable(error)) throw error;
      } finally {
        const now = this.clock.now().getTime();
        const { min, max } = BETWEEN_LOOKS_MS;
        this.nextLookAt = now + Math.min(max, Math.max(min, SHARE_OF_TIME * (now - askedAt.getTime())));
      }
    });
  }
}
