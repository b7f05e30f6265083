import { Inject, Injectable } from '@nestjs/common';
import type { Counter, Histogram } from 'prom-client';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import type { HotSeries } from '../../platform/metrics/hot-histogram.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import type { Refusal } from './reservation.js';

const RESULTS = [
  'RESERVED',
  'UNAVAILABLE',
  'NOT_LOADED',
  'INACTIVE',
  'NOT_STARTED',
  'EXPIRED',
  'ALREADY_RESERVED',
  'SOLD_OUT',
] as const satisfies ReadonlyArray<'RESERVED' | 'UNAVAILABLE' | Refusal>;
type Result = (typeof RESULTS)[number];

/** What an operator sees of the Redis side. */
@Injectable()
export class ReservationMetrics {
  readonly rebuildSeconds: Histogram;
  readonly rebuilds: Counter<'result'>;
  private readonly results: Readonly<Record<Result, HotSeries>>;
  private readonly isEnabled: boolean;

  constructor(registry: MetricsRegistry, @Inject(CONFIG) { metrics }: Config) {
    this.isEnabled = metrics.enabled;
    const durations = registry.hotHistogram(
      'firstcome_reservation_duration_seconds',
      'From asking Redis for a slot to its answer, by result.',
      [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
    );
    const results = RESULTS.map((result) => [result, durations.series({ result })] as const);
    this.results = Object.fromEntries(results) as Record<Result, HotSeries>;
    registry.counterFuncBy('firstcome_reservations_total', 'Asked reservations by result.', 'result', () =>
      results.map(([result, series]) => [result, series.count]),
    );
    this.rebuildSeconds = registry.histogram(
      'firstcome_rebuild_duration_seconds',
      'Rebuilds of a coupon from MySQL that ended with the coupon open.',
      [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30],
    );
    this.rebuilds = registry.counter(
      'firstcome_rebuilds_total',
      'Rebuilds of a coupon from MySQL that this process began, by result; superseded: another one took its lock.',
      'result',
      ['rebuilt', 'superseded', 'failed'],
    );
  }

  /** Milliseconds since some moment, to take the difference of for {@link record}; 0 when nothing is measured. */
  now(): number {
    return this.isEnabled ? performance.now() : 0;
  }

  /** Counts a reservation that was asked for, and how long Redis took to answer. */
  record(result: Result, durationMs: number): void {
    if (this.isEnabled) this.results[result].observe(durationMs / 1000);
  }
}
