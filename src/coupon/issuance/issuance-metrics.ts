import { Inject, Injectable } from '@nestjs/common';
import type { Counter, Histogram } from 'prom-client';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import type { HotSeries } from '../../platform/metrics/hot-histogram.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { FAILURE_REASONS } from '../issuance-failure.entity.js';

/** What an operator sees of the MySQL side. */
@Injectable()
export class IssuanceMetrics {
  readonly issued: Counter;
  readonly failed: Counter<'reason'>;
  readonly released: Counter;
  readonly retries: Counter;
  readonly overflows: Counter;
  readonly swept: Counter;
  readonly sweeps: Counter<'result'>;
  readonly batchSize: Histogram;
  readonly batchSeconds: Histogram;
  private readonly untilCommit: HotSeries;
  private readonly isEnabled: boolean;

  constructor(registry: MetricsRegistry, @Inject(CONFIG) { metrics }: Config) {
    this.isEnabled = metrics.enabled;
    this.issued = registry.counter('firstcome_issued_total', 'Reservations that this process saw end as ISSUED.');
    this.failed = registry.counter(
      'firstcome_issuance_failures_total',
      'Reservations that this process saw end as FAILED, by reason.',
      'reason',
      FAILURE_REASONS,
    );
    this.released = registry.counter('firstcome_released_total', 'Slots given back after a failure.');
    this.retries = registry.counter(
      'firstcome_issuance_retries_total',
      'Deciding transactions that failed and are tried again.',
    );
    this.overflows = registry.counter(
      'firstcome_issuance_overflows_total',
      'Reservations left pending for later: no room for them in the queue, or their coupon was being tried again.',
    );
    this.swept = registry.counter('firstcome_swept_total', 'Pending reservations that a sweep issued again.');
    this.sweeps = registry.counter(
      'firstcome_sweeps_total',
      'Sweeps over all coupons by result; failed: Redis or MySQL could not be asked.',
      'result',
      ['done', 'failed'],
    );
    this.batchSize = registry.histogram(
      'firstcome_issuance_batch_size',
      'Reservations decided by one transaction.',
      [1, 5, 10, 25, 50, 100, 250, 500],
    );
    this.batchSeconds = registry.histogram(
      'firstcome_issuance_batch_duration_seconds',
      'From taking a batch to its commit, retries included.',
      [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30],
    );
    const untilCommit = registry.hotHistogram(
      'firstcome_reservation_to_commit_seconds',
      'From the reservation to the commit that decided it; with Kafka between them, by the clocks of both.',
      [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120],
    );
    this.untilCommit = untilCommit.series();
  }

  /** Reservations have just been committed that were submitted at these times, by `performance.now()`. */
  recordCommit(submittedAt: readonly number[]): void {
    if (!this.isEnabled) return;
    const now = performance.now();
    for (const time of submittedAt) this.untilCommit.observe((now - time) / 1000);
  }
}
