import { Injectable } from '@nestjs/common';
import type { Counter, Histogram } from 'prom-client';
import { MetricsRegistry } from '../../metrics/metrics-registry.js';

/** What a pool has at this moment. */
export interface PoolState {
  readonly active: number;
  readonly idle: number;
  readonly waiting: number;
  readonly peakActive: number;
  readonly connectionLimit: number;
  readonly classes: ReadonlyArray<{ readonly name: string; readonly active: number; readonly waiting: number }>;
}

/** What an operator sees of the connection pool. Its gauges are computed when they are read: requests pay nothing. */
@Injectable()
export class PoolMetrics {
  readonly acquireSeconds: Histogram;
  readonly acquireTimeouts: Counter;
  private state: (() => PoolState) | undefined;

  constructor(registry: MetricsRegistry) {
    this.acquireSeconds = registry.histogram(
      'firstcome_database_pool_acquire_seconds',
      'How long callers waited for a connection that they got.',
      [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
    );
    this.acquireTimeouts = registry.counter(
      'firstcome_database_pool_acquire_timeouts_total',
      'Callers who got no connection within the time that their class waits.',
    );
    registry.gaugeFuncBy(
      'firstcome_database_pool_connections',
      'Connections in use or being opened (active), open and unused (idle), and callers in line for one (waiting).',
      'state',
      () => (['active', 'idle', 'waiting'] as const).map((state) => [state, this.state?.()[state] ?? 0]),
    );
    registry.gaugeFuncBy(
      'firstcome_database_pool_class_active',
      'Connections in use or being opened, by the class of callers.',
      'class',
      () => this.state?.().classes.map(({ name, active }) => [name, active] as const) ?? [],
    );
    registry.gaugeFuncBy(
      'firstcome_database_pool_class_waiting',
      'Callers in line for a connection, by their class.',
      'class',
      () => this.state?.().classes.map(({ name, waiting }) => [name, waiting] as const) ?? [],
    );
    registry.gaugeFunc(
      'firstcome_database_pool_limit',
      'How many connections there may be: database.poolSize.',
      () => this.state?.().connectionLimit ?? 0,
    );
    registry.gaugeFunc(
      'firstcome_database_pool_peak_active',
      'The most connections that were active at once since the process started; reading it does not reset it.',
      () => this.state?.().peakActive ?? 0,
    );
  }

  /** Shows the pool that this tells of from now on. */
  watch(state: () => PoolState): void {
    this.state = state;
  }
}
