import { type BeforeApplicationShutdown, Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { FaultPoints } from '../../platform/fault-points.js';
import type { Reservation } from '../reservation/reservation.js';
import { IssuanceLane } from './issuance-lane.js';
import { IssuanceMetrics } from './issuance-metrics.js';
import { IssuanceOutcomes } from './issuance-outcomes.js';
import type { Decision } from './ledger.service.js';
import { RetryingLedger } from './retrying-ledger.service.js';
import { SettlementService } from './settlement.service.js';

/** Of the 5 s a stop may take, what the issuer may use to empty its lanes. */
const DRAIN_MS = 1000;

/**
 * Brings reservations to the ledger, in batches, for as long as it takes: the events and the sweep hand them in here.
 */
@Injectable()
export class CouponIssuer implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger('Issuance');
  private readonly lanes = new Map<number, IssuanceLane>();
  private readonly stop = new AbortController();
  private queued = 0;
  private isOverflowing = false;

  constructor(
    private readonly retryingLedger: RetryingLedger,
    private readonly settlement: SettlementService,
    private readonly outcomes: IssuanceOutcomes,
    private readonly metrics: IssuanceMetrics,
    private readonly faults: FaultPoints,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Takes a reservation to issue it in the next batch of its coupon. False when the queue is full or this reservation
   * is on its way already; it is pending in Redis all the same, and the sweep comes back to it.
   */
  submit(couponId: number, reservation: Reservation): boolean {
    if (this.isFull || this.stop.signal.aborted) {
      this.metrics.overflows.inc();
      this.reportOverflow();
      return false;
    }
    let lane = this.lanes.get(couponId);
    if (lane === undefined) {
      lane = new IssuanceLane(couponId);
      this.lanes.set(couponId, lane);
    }
    if (!lane.add(reservation)) return false;
    this.queued += 1;
    if (!lane.running) {
      lane.running = true;
      void this.run(lane);
    }
    return true;
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
    if (this.queued > 0)
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
      const batch = lane.take(batchSize);
      try {
        await this.issue(lane, batch);
      } catch (error) {
        this.giveUp(lane, batch, error);
      }
    }
    lane.running = false;
    this.forgetWhenIdle(lane);
  }

  /**
   * Has a batch decided, for as long as it takes; halves it where the database refuses a row for good. Does not wait
   * for the settlement: the next batch is decided meanwhile.
   */
  private async issue(lane: IssuanceLane, batch: readonly Reservation[]): Promise<void> {
    const endTimer = this.metrics.batchSeconds.startTimer();
    const decision = await this.retryingLedger.decide(lane.couponId, batch, this.stop.signal);
    endTimer();
    if (decision === 'REFUSED') {
      const half = Math.ceil(batch.length / 2);
      await this.issue(lane, batch.slice(0, half));
      await this.issue(lane, batch.slice(half));
      return;
    }
    this.metrics.batchSize.observe(batch.length);
    this.metrics.recordCommit(batch);
    this.faults.reach(decision.failed.length > 0 ? 'after-failure-commit' : 'after-commit');
    void this.settle(lane, batch, decision);
  }

  private async settle(lane: IssuanceLane, batch: readonly Reservation[], decision: Decision): Promise<void> {
    try {
      await this.settlement.settle(lane.couponId, decision);
      this.letGo(lane, batch);
    } catch (error) {
      this.giveUp(lane, batch, error);
    }
  }

  /** After a stop or a fault of ours. The batch stays pending in Redis: the sweep brings it again. */
  private giveUp(lane: IssuanceLane, batch: readonly Reservation[], error: unknown): void {
    if (!this.stop.signal.aborted) this.logger.error(`coupon ${lane.couponId}: batch given up`, stackOf(error));
    this.letGo(lane, batch);
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

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
