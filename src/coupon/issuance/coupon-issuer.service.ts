import { Injectable } from '@nestjs/common';
import { FaultPoints } from '../../platform/fault-points.js';
import type { Reservation } from '../reservation/reservation.js';
import { IssuanceMetrics } from './issuance-metrics.js';
import { RetryingLedger } from './retrying-ledger.service.js';
import { SettlementService } from './settlement.service.js';

declare module '../../platform/fault-points.js' {
  interface FaultPointNames {
    issuer: 'after-commit' | 'after-failure-commit';
  }
}

/** What whoever hands in a batch is told on the way. */
export interface BatchCallbacks {
  /** The batch, or a half of it, failed and is tried again until it succeeds. */
  readonly onRetry?: () => void;
  /** Only the settlement is left: the next batch of the coupon may be decided meanwhile. */
  readonly onDecided?: () => void;
}

const nothing = (): void => {};

/** Brings reservations to their end. Whatever feeds it hands in a batch and waits: memory, the sweep, or a queue elsewhere. */
@Injectable()
export class CouponIssuer {
  constructor(
    private readonly retryingLedger: RetryingLedger,
    private readonly settlement: SettlementService,
    private readonly metrics: IssuanceMetrics,
    private readonly faults: FaultPoints,
  ) {}

  /**
   * Has the batch decided, for as long as it takes, and then settled; halves it where the database refuses a row for
   * good. What is not settled when this throws stays pending in Redis, and may be handed in again.
   *
   * @throws CouponGoneError, when `stop` is aborted, and a fault of ours
   */
  async issue(
    couponId: number,
    batch: readonly Reservation[],
    stop: AbortSignal,
    { onRetry = nothing, onDecided = nothing }: BatchCallbacks = {},
  ): Promise<void> {
    const endTimer = this.metrics.batchSeconds.startTimer();
    const decision = await this.retryingLedger.decide(couponId, batch, { stop, onRetry });
    endTimer();
    if (decision === 'REFUSED') {
      const half = Math.ceil(batch.length / 2);
      await this.issue(couponId, batch.slice(0, half), stop, { onRetry });
      await this.issue(couponId, batch.slice(half), stop, { onRetry, onDecided });
      return;
    }
    this.metrics.batchSize.observe(batch.length);
    this.faults.reach(decision.failed.length > 0 ? 'after-failure-commit' : 'after-commit');
    onDecided();
    await this.settlement.settle(couponId, decision);
  }
}
