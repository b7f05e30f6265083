import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult, HealthIndicatorService } from '@nestjs/terminus';
import type { ProblemReason } from '../../platform/dependencies/problem-reason.js';
import { KeySetService } from '../../identity/index.js';
import { KafkaConnection } from '../../platform/kafka/kafka-connection.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { withinTimeLimit } from '../../platform/time-limit.js';
import { DatabaseProbeRepository } from './database-probe.repository.js';

/** A dependency that takes longer is of no use to a request either. */
const TIMEOUT_MS = 1_000;

/** What is well, and may become a problem. */
export const REDIS_WARNINGS = ['NO_MIN_REPLICAS'] as const;
type RedisWarning = (typeof REDIS_WARNINGS)[number];

/** Whether this process can serve: Redis and the database do what it needs of them. */
@Injectable()
export class HealthService {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly redis: RedisConnection,
    private readonly database: DatabaseProbeRepository,
    private readonly kafka: KafkaConnection,
    private readonly identityKeys: KeySetService,
  ) {}

  /** The process runs and answers; says nothing about what it depends on. */
  live(): { status: 'ok'; uptimeSeconds: number } {
    return { status: 'ok', uptimeSeconds: Math.floor(process.uptime()) };
  }

  /**
   * `ok`; `degraded` with one dependency down: some calls are served, or all, without Kafka or the key server; `error` with Redis and the
   * database down; `shutting_down`.
   */
  async ready(): Promise<HealthCheckResult> {
    try {
      return await this.health.check([
        () => this.check('redis', this.redis.probe(), () => this.redisWarnings()),
        () => this.check('database', this.database.probe()),
        ...(this.identityKeys.isUsed ? [() => this.check('identity', Promise.resolve(this.identityKeys.problem))] : []),
        ...(this.kafka.isUsed ? [() => this.check('kafka', Promise.resolve(this.kafka.problem))] : []),
      ]);
    } catch (error) {
      return degradedUnlessAllAreDown(error);
    }
  }

  private redisWarnings(): { warnings?: readonly RedisWarning[] } {
    return this.redis.nodes.some(({ mayBeSplit }) => mayBeSplit) ? { warnings: ['NO_MIN_REPLICAS'] } : {};
  }

  private async check(dependency: string, probe: Promise<ProblemReason | undefined>, more: () => object = () => ({})) {
    const askedAt = performance.now();
    // The reason and no more: what the server said names hosts and accounts, and is in the log.
    const reason = await withinTimeLimit(probe, TIMEOUT_MS, late).catch(() => 'TIMEOUT' as const);
    const responseTime = Math.round(performance.now() - askedAt);
    const indicator = this.indicators.check(dependency);
    return reason === undefined
      ? indicator.up({ responseTime, ...more() })
      : indicator.down({ responseTime, reason, ...more() });
  }
}

function late(): Error {
  return new Error('late');
}

/** Terminus calls a check failed as soon as one dependency is down. */
function degradedUnlessAllAreDown(error: unknown): HealthCheckResult {
  if (!(error instanceof ServiceUnavailableException)) throw error;
  const response = error.getResponse();
  if (!isHealthCheckResult(response)) throw error;
  const { redis, database } = response.details;
  const isServing = redis?.status === 'up' || database?.status === 'up';
  return response.status === 'error' && isServing ? { ...response, status: 'degraded' } : response;
}

function isHealthCheckResult(value: unknown): value is HealthCheckResult {
  return typeof value === 'object' && value !== null && 'details' in value && 'status' in value;
}
