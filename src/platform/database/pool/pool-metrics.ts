import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram } from 'prom-client';
import { MetricsRegistry } from '../../metrics/metrics-registry.js';

/** What a pool has at this moment. */
export interface PoolState {
  readonly active: number;
  readonly idle: number;
  readonly waiting: number;
  readonly peakActive: number;
  readonly connectionLimit: number;
}

/**
 * What an operator sees of the connection pool. The gauges look at it when they are read, so they cost a request
 * nothing.
 */
@Injectable()
export class PoolMetrics {
  readonly acquireSeconds: Histogram;
  readonly acquireTimeouts: Counter;
  private pool: PoolState | undefined;

  constructor(registry: MetricsRegistry) {
    const registers = [registry];
    this.acquireSeconds = new Histogram({
      name: 'firstcome_database_pool_acquire_seconds',
      help: 'How long callers waited for a connection that they got.',
      buckets: [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
      registers,
    });
    this.acquireTimeouts = new Counter({
      name: 'firstcome_database_pool_acquire_timeouts_total',
      help: 'Callers who got no connection within database.acquireTimeoutMs.',
      registers,
    });
    const read = (value: (pool: PoolState) => number): number => (this.pool === undefined ? 0 : value(this.pool));
    const connections: Gauge<'state'> = new Gauge({
      name: 'firstcome_database_pool_connections',
      help: 'Connections in use or being opened (active), open and unused (idle), and callers in line for one (waiting).',
      labelNames: ['state'],
      registers,
      collect: () => {
        connections.set(
          { state: 'active' },
          read(({ active }) => active),
        );
        connections.set(
          { state: 'idle' },
          read(({ idle }) => idle),
        );
        connections.set(
          { state: 'waiting' },
          read(({ waiting }) => waiting),
        );
      },
    });
    const limit: Gauge = new Gauge({
      name: 'firstcome_database_pool_limit',
      help: 'How many connections there may be: database.poolSize.',
      registers,
      collect: () => limit.set(read(({ connectionLimit }) => connectionLimit)),
    });
    const peak: Gauge = new Gauge({
      name: 'firstcome_database_pool_peak_active',
      help: 'The most connections that were active at once since the process started; reading it does not reset it.',
      registers,
      collect: () => peak.set(read(({ peakActive }) => peakActive)),
    });
  }

  /** Shows this pool from now on. */
  watch(pool: PoolState): void {
    this.pool = pool;
  }
}
