import { type BeforeApplicationShutdown, Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { CONFIG } from '../../platform/config/config.module.js';
import { stackOf } from '../../platform/errors/error-text.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import type { CouponConfig } from '../coupon.config.js';
import { RedisCouponStore } from '../reservation/redis-coupon.store.js';
import type { Reservation } from '../reservation/reservation.js';
import { CouponIssuer } from './coupon-issuer.service.js';
import { CouponGoneError } from './issuance-errors.js';
import { IssuanceLane, type NumberRange, rangeOf } from './issuance-lane.js';
import { IssuanceMetrics } from './issuance-metrics.js';
import type { IssuanceTransport } from './issuance-transport.js';
import { QueueRoom } from './queue-room.js';
import { ReservationWaiters } from './reservation-waiters.service.js';

/** Of the 5 s a stop may take, what the queue may use to empty its lanes. */
const DRAIN_MS = 1000;

/** Reservations read from Redis in one exchange. */
const PAGE = 500;

/**
 * What this process is about to issue, in memory: a lane for each coupon, from which the issuer is fed in batches. A
 * coupon has a share of it, so that one in trouble leaves the others their room. What does not fit is left pending in
 * Redis, and the lane fetches it whenever it is down to half its share.
 */
@Injectable()
export class IssuanceQueue implements IssuanceTransport, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger('Issuance');
  private readonly room: QueueRoom;
  private readonly lanes = new Map<number, IssuanceLane>();
  private readonly stop = new AbortController();
  /** Coupons of which it was said that MySQL does not know them. */
  private readonly gone = new Set<number>();
  private isEnding = false;

  constructor(
    private readonly issuer: CouponIssuer,
    private readonly store: RedisCouponStore,
    private readonly waiters: ReservationWaiters,
    private readonly metrics: IssuanceMetrics,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {
    this.room = new QueueRoom(config.coupon.issuance, this.logger);
  }

  /**
   * Takes reservations of a coupon, to issue them in its next batches; how many. Left out is what is on its way already,
   * and what there is no room for: that is pending in Redis all the same, and is fetched when there is.
   */
  submit(couponId: number, reservations: readonly Reservation[]): number {
    if (this.stop.signal.aborted) return 0;
    const lane = this.laneOf(couponId);
    const fresh = reservations.filter(({ sequenceNumber }) => !lane.holds(sequenceNumber));
    const taken = this.isWaitingForRoom(lane) ? 0 : this.add(lane, fresh);
    this.leave(lane, fresh.slice(taken));
    this.goOn(lane);
    return taken;
  }

  /** True when `submit` would take a reservation of this coupon. */
  hasRoomFor(couponId: number): boolean {
    const lane = this.lanes.get(couponId);
    return lane === undefined ? !this.room.isFull : !this.isWaitingForRoom(lane) && this.room.in(lane) > 0;
  }

  /** Issues what is pending in Redis with these numbers as soon as the coupon's lane has room for it. */
  issueLater(couponId: number, numbers: NumberRange): void {
    const lane = this.laneOf(couponId);
    lane.leave(numbers);
    this.goOn(lane);
  }

  /** True while this process is about to issue the reservation. */
  holds(couponId: number, sequenceNumber: number): boolean {
    return this.lanes.get(couponId)?.holds(sequenceNumber) ?? false;
  }

  /** Empties the lanes while requests still wait for their outcome, but not for longer than a stop may take. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isEnding = true;
    const deadline = Date.now() + DRAIN_MS;
    while (this.room.queued > 0 && Date.now() < deadline) await delay(5);
  }

  /** Gives up waiting for a database that is away: what is not issued stays pending. */
  onApplicationShutdown(): void {
    this.stop.abort();
    if (this.room.queued === 0) return;
    this.logger.warn(`stopped with ${this.room.queued} reservations pending; the sweep issues them later`);
  }

  private laneOf(couponId: number): IssuanceLane {
    const lane = this.lanes.get(couponId) ?? new IssuanceLane(couponId);
    this.lanes.set(couponId, lane);
    return lane;
  }

  /**
   * A lane that retries takes nothing new. Nor does one that has left something and has a batch at hand: what came first
   * is issued first, and a lane that is nearly empty takes both, so that it catches up with those who come now.
   */
  private isWaitingForRoom(lane: IssuanceLane): boolean {
    return lane.isRetrying || (lane.hasLeft && lane.length >= this.config.coupon.issuance.batchSize);
  }

  /** As many of them as there is room for, from the first one on; how many. */
  private add(lane: IssuanceLane, reservations: readonly Reservation[]): number {
    const submittedAt = performance.now();
    const added = reservations.slice(0, this.room.in(lane));
    for (const reservation of added) lane.add(reservation, submittedAt);
    this.room.take(added.length);
    if (added.length < reservations.length) this.room.reportFull(lane);
    return added.length;
  }

  /** They are pending in Redis. */
  private leave(lane: IssuanceLane, reservations: readonly Reservation[]): void {
    const numbers = rangeOf(reservations);
    if (numbers === undefined) return;
    lane.leave(numbers);
    this.metrics.overflows.inc(reservations.length);
  }

  /** Takes batches from the lane, if nobody does so and there is something to take. */
  private goOn(lane: IssuanceLane): void {
    if (lane.running || this.stop.signal.aborted) return;
    if (lane.length > 0 || this.canFetch(lane)) {
      lane.running = true;
      void this.run(lane);
    } else if (lane.isIdle()) {
      this.lanes.delete(lane.couponId);
    }
  }

  /**
   * Takes batch after batch until the lane is empty. A batch that is not full lingers, so that more reservations share
   * its transaction; not when a caller waits for the commit.
   */
  private async run(lane: IssuanceLane): Promise<void> {
    const { batchSize, lingerMs } = this.config.coupon.issuance;
    while (!this.stop.signal.aborted) {
      await this.fetch(lane);
      if (lane.length === 0) break;
      await nextTurn();
      if (lane.length < batchSize && !this.waiters.areAwaited(lane.couponId)) await delay(lingerMs);
      await this.issue(lane, lane.take(batchSize));
      lane.isRetrying = false;
    }
    lane.running = false;
    this.goOn(lane);
  }

  /** Resolves when the batch is decided: the next one is decided while this one is settled. */
  private issue(lane: IssuanceLane, batch: readonly Reservation[]): Promise<void> {
    return new Promise((resolve) => {
      const onDecided = (): void => {
        this.gone.delete(lane.couponId);
        this.metrics.recordCommit(lane.submissionsOf(batch));
        resolve();
      };
      this.issuer
        .issue(lane.couponId, batch, this.stop.signal, { onRetry: () => this.beginRetrying(lane), onDecided })
        .catch((error: unknown) => this.giveUp(lane, error))
        .finally(() => {
          this.letGo(lane, batch);
          resolve();
        });
    });
  }

  /** Holds the batch in hand only: the others are as safe in Redis, and leave their room to coupons that are well. */
  private beginRetrying(lane: IssuanceLane): void {
    lane.isRetrying = true;
    const waiting = lane.take(lane.length);
    this.leave(lane, waiting);
    this.letGo(lane, waiting);
  }

  /** The batch stays pending in Redis. After a fault of ours the sweep brings it again. */
  private giveUp(lane: IssuanceLane, error: unknown): void {
    if (this.stop.signal.aborted) return;
    if (error instanceof CouponGoneError) this.giveUpCoupon(lane);
    else this.logger.error(`coupon ${lane.couponId}: batch given up`, stackOf(error));
  }

  /** No batch of the coupon would fare better. */
  private giveUpCoupon(lane: IssuanceLane): void {
    lane.takeLeft();
    this.letGo(lane, lane.take(lane.length));
    if (this.gone.has(lane.couponId)) return;
    this.gone.add(lane.couponId);
    this.logger.warn(`coupon ${lane.couponId}: it has no row in MySQL, so its reservations stay pending`);
  }

  private letGo(lane: IssuanceLane, reservations: readonly Reservation[]): void {
    this.room.giveBack(lane.done(reservations));
    this.room.reportRoom(lane);
    // A lane that found the whole queue full waits for the others.
    for (const each of this.lanes.values()) this.goOn(each);
  }

  private canFetch(lane: IssuanceLane): boolean {
    return lane.hasLeft && this.room.isDownToHalfItsShare(lane) && !this.room.isFull && !this.isEnding;
  }

  /** Fetches what was left pending in Redis, until the lane has half its share. Without Redis the sweep does it later. */
  private async fetch(lane: IssuanceLane): Promise<void> {
    try {
      while (this.canFetch(lane)) {
        const { first, last } = lane.takeLeft() as NumberRange;
        const limit = Math.min(PAGE, this.room.in(lane));
        const page = await this.store.pendingBetween(lane.couponId, first - 1, last, limit);
        const end = page.at(-1)?.sequenceNumber ?? last;
        if (page.length === limit && end < last) lane.leave({ first: end + 1, last });
        const found = page.filter(({ sequenceNumber }) => !lane.holds(sequenceNumber));
        this.leave(lane, found.slice(this.add(lane, found)));
      }
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) {
        this.logger.error(`coupon ${lane.couponId}: what is pending could not be fetched`, stackOf(error));
      }
    }
  }
}
