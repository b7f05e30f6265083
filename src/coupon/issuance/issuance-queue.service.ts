import { type BeforeApplicationShutdown, Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { CONFIG } from '../../platform/config/config.module.js';
import { stackOf } from '../../platform/errors/error-text.js';
import type { CouponConfig } from '../coupon.config.js';
import type { Reservation } from '../reservation/reservation.js';
import { CouponIssuer } from './coupon-issuer.service.js';
import { IssuanceLane } from './issuance-lane.js';
import { IssuanceMetrics } from './issuance-metrics.js';
import { IssuanceOutcomes } from './issuance-outcomes.js';

/** Of the 5 s a stop may take, what the queue may use to empty its lanes. */
const DRAIN_MS = 1000;

/** What this process is about to issue, in memory: a lane for each coupon, from which the issuer is fed in batches. */
@Injectable()
export class IssuanceQueue implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger('Issuance');
  private readonly lanes = new Map<number, IssuanceLane>();
  private readonly stop = new AbortController();
  private queued = 0;
  private isOverflowing = false;

  constructor(
    private readonly issuer: CouponIssuer,
    private readonly outcomes: IssuanceOutcomes,
    private readonly metrics: IssuanceMetrics,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  /**
   * Takes reservations of a coupon, to issue them in its next batches; how many. Left out is what is on its way already,
   * and what a full queue has no room for: that is pending in Redis all the same, and the sweep comes back to it.
   */
  submit(couponId: number, reservations: readonly Reservation[]): number {
    const lane = this.lanes.get(couponId) ?? new IssuanceLane(couponId);
    const submittedAt = performance.now();
    let taken = 0;
    for (const reservation of reservations) {
      if (lane.holds(reservation.sequenceNumber)) continue;
      if (this.isFull || this.stop.signal.aborted) {
        this.metrics.overflows.inc();
        this.reportOverflow();
        continue;
      }
      lane.add(reservation, submittedAt);
      this.queued += 1;
      taken += 1;
    }
    if (taken > 0 && !lane.running) {
      this.lanes.set(couponId, lane);
      lane.running = true;
      void this.run(lane);
    }
    return taken;
  }

  /** True when nothing more is taken until a batch is done. */
  get isFull(): boolean {
    return this.queued >= this.config.coupon.issuance.queueCapacity;
  }

  /** True while this process is about to issue the reservation. */
  holds(couponId: number, sequenceNumber: number): boolean {
    return this.lanes.get(couponId)?.holds(sequenceNumber) ?? false;
  }

  /** Empties the lanes while requests still wait for their outcome, but not for longer than a stop may take. */
  async beforeApplicationShutdown(): Promise<void> {
    const deadline = Date.now() + DRAIN_MS;
    while (this.lanes.size > 0 && Date.now() < deadline) await delay(5);
  }

  /** Gives up waiting for a database that is away: what is not issued stays pending. */
  onApplicationShutdown(): void {
    this.stop.abort();
    if (this.queued === 0) return;
    this.logger.warn(`stopped with ${this.queued} reservations pending; the sweep issues them later`);
  }

  /**
   * Takes batch after batch until the lane is empty. A batch that is not full lingers, so that more reservations share
   * its transaction; not when a caller waits for the commit.
   */
  private async run(lane: IssuanceLane): Promise<void> {
    const { batchSize, lingerMs } = this.config.coupon.issuance;
    while (lane.length > 0 && !this.stop.signal.aborted) {
      await nextTurn();
      if (lane.length < batchSize && !this.outcomes.areAwaited(lane.couponId)) await delay(lingerMs);
      await this.issue(lane, lane.take(batchSize));
    }
    lane.running = false;
    this.forgetWhenIdle(lane);
  }

  /** Resolves when the batch is decided: the next one is decided while this one is settled. */
  private issue(lane: IssuanceLane, batch: readonly Reservation[]): Promise<void> {
    return new Promise((resolve) => {
      const onDecided = (): void => {
        this.metrics.recordCommit(lane.submissionsOf(batch));
        resolve();
      };
      this.issuer
        .issue(lane.couponId, batch, this.stop.signal, { onDecided })
        .catch((error: unknown) => this.reportGivenUp(lane, error))
        .finally(() => {
          this.letGo(lane, batch);
          resolve();
        });
    });
  }

  /** A fault of ours. The batch stays pending in Redis: the sweep brings it again. */
  private reportGivenUp({ couponId }: IssuanceLane, error: unknown): void {
    if (!this.stop.signal.aborted) this.logger.error(`coupon ${couponId}: batch given up`, stackOf(error));
  }

  private letGo(lane: IssuanceLane, batch: readonly Reservation[]): void {
    this.queued -= lane.done(batch);
    this.reportOverflowEnd();
    this.forgetWhenIdle(lane);
  }

  private forgetWhenIdle(lane: IssuanceLane): void {
    if (!lane.running && lane.isIdle()) this.lanes.delete(lane.couponId);
  }

  private reportOverflow(): void {
    if (this.isOverflowing || this.stop.signal.aborted) return;
    this.isOverflowing = true;
    this.logger.warn(`the queue is full with ${this.queued} reservations; more of them wait, pending, for the sweep`);
  }

  /** At half of the capacity, so that a queue at its brim does not tell of every batch. */
  private reportOverflowEnd(): void {
    if (!this.isOverflowing || this.queued > this.config.coupon.issuance.queueCapacity / 2) return;
    this.isOverflowing = false;
    this.logger.log(`the queue has room again, ${this.queued} reservations are in it`);
  }
}
