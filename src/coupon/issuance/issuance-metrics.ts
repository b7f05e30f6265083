import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';

/** What an operator sees of the MySQL side. */
@Injectable()
export class IssuanceMetrics {
  readonly issued: Counter;
  readonly failed: Counter<'reason'>;
  readonly released: Counter;
  readonly retries: Counter;
  readonly overflows: Counter;
  readonly swept: Counter;
  readonly batchSize: Histogram;
  readonly batchSeconds: Histogram;

  constructor(registry: MetricsRegistry) {
    const registers = [registry];
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
  }
}
