import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { MetricsRegistry } from '../platform/metrics/metrics-registry.js';

const JOBS = ['expire', 'forget'] as const;

/** What an operator sees of the orders that nobody pays. */
@Injectable()
export class OrderMetrics {
  readonly expired: Counter;
  readonly deleted: Counter;
  readonly failures: Counter<'job'>;

  constructor(registry: MetricsRegistry) {
    this.expired = registry.counter('firstcome_orders_expired_total', 'Unpaid orders that this process let expire.');
    this.deleted = registry.counter('firstcome_orders_deleted_total', 'Never paid orders that this process deleted.');
    this.failures = registry.counter(
      'firstcome_order_job_failures_total',
      'Runs of this process over unpaid orders that failed, by job.',
      'job',
      JOBS,
    );
  }
}
