import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import type { Refusal } from './reservation.js';

type Result = 'RESERVED' | 'UNAVAILABLE' | Refusal;

/** What an operator sees of the Redis side. */
@Injectable()
export class ReservationMetrics {
  readonly rebuildSeconds: Histogram;
  private readonly results = new Map<Result, { inc(): void }>();
  private readonly reservations: Counter<'result'>;

  constructor(registry: MetricsRegistry) {
    this.reservations = new Counter({
      name: 'firstcome_reservations_total',
      help: 'Asked reservations by result.',
      labelNames: ['result'],
      registers: [registry],
    });
    this.rebuildSeconds = new Histogram({
      name: 'firstcome_rebuild_duration_seconds',
      help: 'Rebuilds of a coupon from MySQL that ended with the coupon open.',
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30],
      registers: [registry],
    });
  }

  count(result: Result): void {
    // A label look-up for each request would cost more than the count itself.
    let counter = this.results.get(result);
    if (counter === undefined) {
      counter = this.reservations.labels({ result });
      this.results.set(result, counter);
    }
    counter.inc();
  }
}
