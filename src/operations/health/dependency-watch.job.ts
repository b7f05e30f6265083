import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Gauge, Histogram } from 'prom-client';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { PROBLEM_REASONS, type ProblemReason } from '../../platform/dependencies/problem-reason.js';
import { KeySetService } from '../../identity/index.js';
import { KafkaConnection } from '../../platform/kafka/kafka-connection.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { Intervals } from '../../platform/scheduling/intervals.js';
import { DatabaseProbeRepository } from './database-probe.repository.js';

type Dependency = 'redis' | 'mysql' | 'kafka' | 'identity';
type Probe = () => Promise<ProblemReason | undefined>;

/**
 * Probes Redis and MySQL every `metrics.probeIntervalMs` and tells the metrics whether they do what we need of them; of
 * Kafka and of the key server, where they are used, what those have found who use them. The log is told by the probes themselves.
 */
@Injectable()
export class DependencyWatchJob implements OnApplicationBootstrap {
  private readonly up: Gauge<'dependency'>;
  private readonly problem: Gauge<'dependency' | 'reason'>;
  private readonly roundTrip: Histogram<'dependency'>;
  private readonly probes: ReadonlyArray<readonly [Dependency, Probe]>;

  constructor(
    registry: MetricsRegistry,
    redis: RedisConnection,
    database: DatabaseProbeRepository,
    private readonly kafka: KafkaConnection,
    private readonly identityKeys: KeySetService,
    private readonly intervals: Intervals,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.probes = [
      ['redis', () => redis.probe()],
      ['mysql', () => database.probe()],
    ];
    this.up = registry.gauge(
      'firstcome_dependency_up',
      '1 when the dependency did what is needed of it at the last probe, 0 when it did not.',
      ['dependency'],
    );
    this.problem = registry.gauge('firstcome_dependency_problem', '1 while the dependency is down for this reason.', [
      'dependency',
      'reason',
    ]);
    this.roundTrip = registry.histogram(
      'firstcome_dependency_round_trip_seconds',
      'Probes that succeeded: INFO and SET of Redis; an INSERT into MySQL that is rolled back.',
      [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      ['dependency'],
    );
  }

  onApplicationBootstrap(): void {
    // Each at an interval of its own, so that nobody waits for the other one's time limit.
    for (const [dependency, probe] of this.probes) {
      const watch = () => this.watch(dependency, probe);
      this.intervals.every(`watch-${dependency}`, this.config.metrics.probeIntervalMs, watch, { atOnce: true });
    }
    const seeKafka = async () => this.kafka.isUsed && this.tell('kafka', this.kafka.problem);
    const seeIdentity = async () => this.identityKeys.isUsed && this.tell('identity', this.identityKeys.problem);
    this.intervals.every('watch-identity', this.config.metrics.probeIntervalMs, seeIdentity, { atOnce: true });
    this.intervals.every('watch-kafka', this.config.metrics.probeIntervalMs, seeKafka, { atOnce: true });
  }

  private async watch(dependency: Dependency, probe: Probe): Promise<void> {
    const askedAt = performance.now();
    const problem = await probe();
    if (problem === undefined) this.roundTrip.observe({ dependency }, (performance.now() - askedAt) / 1000);
    this.tell(dependency, problem);
  }

  private tell(dependency: Dependency, problem: ProblemReason | undefined): void {
    this.up.set({ dependency }, problem === undefined ? 1 : 0);
    for (const reason of PROBLEM_REASONS) this.problem.set({ dependency, reason }, reason === problem ? 1 : 0);
  }
}
