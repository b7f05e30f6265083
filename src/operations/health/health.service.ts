import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult, HealthIndicatorService } from '@nestjs/terminus';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { DatabaseProbeRepository } from './database-probe.repository.js';

/** A dependency that takes longer is of no use to a request either. */
const TIMEOUT_MS = 1_000;

/** Whether this process can serve, asked of the very connections that requests use. */
@Injectable()
export class HealthService {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly redis: RedisConnection,
    private readonly database: DatabaseProbeRepository,
  ) {}

  /** The process runs and answers; says nothing about what it depends on. */
  live(): { status: 'ok'; uptimeSeconds: number } {
    return { status: 'ok', uptimeSeconds: Math.floor(process.uptime()) };
  }

  /** `ok`; `degraded` with one dependency down: some calls are served; `error` with all down; `shutting_down`. */
  async ready(): Promise<HealthCheckResult> {
    try {
      return await this.health.check([
        this.attempt('redis', () => this.redis.ping()),
        this.attempt('database', () => this.database.ping()),
      ]);
    } catch (error) {
      return degradedUnlessAllAreDown(error);
    }
  }

  private attempt(dependency: string, probe: () => Promise<unknown>) {
    return this.indicators
      .check(dependency)
      .attempt(async () => {
        // Why it does not answer is in the log; here it would tell strangers about hosts and accounts.
        await probe().catch(() => Promise.reject(new Error('no answer')));
      })
      .withTimeout(TIMEOUT_MS);
  }
}

/** Terminus calls a check failed as soon as one dependency is down. */
function degradedUnlessAllAreDown(error: unknown): HealthCheckResult {
  if (!(error instanceof ServiceUnavailableException)) throw error;
  const response = error.getResponse();
  if (!isHealthCheckResult(response)) throw error;
  const isServing = Object.values(response.details).some(({ status }) => status === 'up');
  return response.status === 'error' && isServing ? { ...response, status: 'degraded' } : response;
}

function isHealthCheckResult(value: unknown): value is HealthCheckResult {
  return typeof value === 'object' && value !== null && 'details' in value && 'status' in value;
}
