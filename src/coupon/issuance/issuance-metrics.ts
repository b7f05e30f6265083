import { Inject, Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { HotHistogram, type HotSeries } from '../../platform/metrics/hot-histogram.js';
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
    const registers = [registry];
    this.isEnabled = metrics.enabled;
    this.issued = new Counter({
      name: 'firstcome_issued_total',
      help: 'Reservations that this process saw end as ISSUED.',
      registers,
    });
    this.failed = new Counter({
      name: 'firstcome_issuance_failures_total',
      help: 'Reservations that this process saw end as FAILED, by reason.',
      labelNames: ['reason'],
      registers,
    });
    // So that the first failure is an increase and not the beginning of a series.
    for (const reason of FAILURE_REASONS) this.failed.inc({ reason }, 0);
    this.released = new Counter({
      name: 'firstcome_released_total',
      help: 'Slots given back after a failure.',
      registers,
    });
    this.retries = new Counter({
      name: 'firstcome_issuance_retries_total',
      help: 'Deciding transactions that failed and are tried again.',
      registers,
    });
    this.overflows = new Counter({
      name: 'firstcome_issuance_overflows_total',
      help: 'Reservations left to the sweep because the queue was full.',
      registers,
    });
    this.swept = new Counter({
      name: 'firstcome_swept_total',
      help: 'Pending reservations that a sweep issued again.',
      registers,
    });
    this.sweeps = new Counter({
      name: 'firstcome_sweeps_total',
      help: 'Sweeps over all coupons by result; failed: Redis or MySQL could not be asked.',
      labelNames: ['result'],
      registers,
    });
    for (const result of ['done', 'failed']) this.sweeps.inc({ result }, 0);
    this.batchSize = new Histogram({
      name: 'firstcome_issuance_batch_size',
      help: 'Reservations decided by one transaction.',
      buckets: [1, 5, 10, 25, 50, 100, 250, 500],
      registers,
    });
    this.batchSeconds = new Histogram({
      name: 'firstcome_issuance_batch_duration_seconds',
      help: 'From taking a batch to its commit, retries included.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30],
      registers,
    });
    this.untilCommit = new HotHistogram({
      name: 'firstcome_reservation_to_commit_seconds',
      help: 'From the reservation to the commit that decided it, both in this process.',
      buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120],
      registry,
    }).series();
  }

  /** Reservations have just been committed that were submitted at these times, by `performance.now()`. */
  recordCommit(submittedAt: readonly number[]): void {
    if (!this.isEnabled) return;
    const now = performance.now();
    for (const time of submittedAt) this.untilCommit.observe((now - time) / 1000);
  }
}
