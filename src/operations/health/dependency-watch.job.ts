import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Gauge, Histogram } from 'prom-client';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { databaseErrorMessage } from '../../platform/database/database-errors.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { Intervals } from '../../platform/scheduling/intervals.js';
import { withinTimeLimit } from '../../platform/time-limit.js';
import { DatabaseProbeRepository } from './database-probe.repository.js';

/** A database that takes longer is of no use to a request either. */
const TIMEOUT_MS = 1_000;

type Dependency = 'redis' | 'mysql';

/**
 * Asks Redis and MySQL every `metrics.probeIntervalMs` for a sign of life, over the connections that requests use. It
 * tells the metrics, and the log when MySQL goes and comes back; of Redis its connection tells.
 */
@Injectable()
export class DependencyWatchJob implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('MySQL');
  private readonly up: Gauge<'dependency'>;
  private readonly roundTrip: Histogram<'dependency'>;
  private readonly pings: ReadonlyArray<readonly [Dependency, () => Promise<unknown>]>;
  private mysqlDownSince: number | undefined;
  private isStopping = false;

  constructor(
    registry: MetricsRegistry,
    redis: RedisConnection,
    database: DatabaseProbeRepository,
    private readonly intervals: Intervals,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.pings = [
      ['redis', () => redis.ping()],
      ['mysql', () => withinTimeLimit(database.ping(), TIMEOUT_MS, noAnswer)],
    ];
    this.up = registry.gauge(
      'firstcome_dependency_up',
      '1 when the dependency answered the last probe, 0 when it did not.',
      ['dependency'],
    );
    this.roundTrip = registry.histogram(
      'firstcome_dependency_round_trip_seconds',
      'Round trips of the probes that were answered: PING of Redis, SELECT 1 of MySQL with the wait for a connection.',
      [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      ['dependency'],
    );
  }

  onApplicationBootstrap(): void {
    // Each at an interval of its own, so that nobody waits for the other one's time limit.
    for (const [dependency, ping] of this.pings) {
      const probe = () => this.probe(dependency, ping);
      this.intervals.every(`watch-${dependency}`, this.config.metrics.probeIntervalMs, probe, { atOnce: true });
    }
  }

  onModuleDestroy(): void {
    this.isStopping = true;
  }

  private async probe(dependency: Dependency, ping: () => Promise<unknown>): Promise<void> {
    const askedAt = performance.now();
    try {
      await ping();
      this.roundTrip.observe({ dependency }, (performance.now() - askedAt) / 1000);
      this.up.set({ dependency }, 1);
      if (dependency === 'mysql') this.reportUp();
    } catch (error) {
      this.up.set({ dependency }, 0);
      if (dependency === 'mysql') this.reportDown(error, askedAt);
    }
  }

  private reportDown(error: unknown, since: number): void {
    if (this.mysqlDownSince !== undefined || this.isStopping) return;
    this.mysqlDownSince = since;
    this.logger.error(
      `does not answer: ${databaseErrorMessage(error)}; reservations go on and stay pending until it is back`,
    );
  }

  private reportUp(): void {
    if (this.mysqlDownSince === undefined) return;
    const seconds = ((performance.now() - this.mysqlDownSince) / 1000).toFixed(1);
    this.mysqlDownSince = undefined;
    this.logger.log(`answers again after ${seconds} s`);
  }
}

function noAnswer(): Error {
  return new Error(`no answer within ${TIMEOUT_MS} ms`);
}
