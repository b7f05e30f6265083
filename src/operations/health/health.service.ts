import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult, HealthIndicatorService } from '@nestjs/terminus';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { RedisConnection } from '../../platform/redis/redis-connection.js';

/** A dependency that takes longer is of no use to a request either. */
const TIMEOUT_MS = 1_000;

/** Whether this process can serve, asked of the very connections that requests use. */
@Injectable()
export class HealthService {
  private databaseProbe: Promise<unknown> | undefined;

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly redis: RedisConnection,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** The process runs and answers; says nothing about what it depends on. */
  live(): { status: 'ok'; uptimeSeconds: number } {
    return { status: 'ok', uptimeSeconds: Math.floor(process.uptime()) };
  }

  /**
   * `ok`; `degraded` with one dependency down, when some calls are served; `error` with all down, and
   * `shutting_down`, when nothing is.
   */
  async ready(): Promise<HealthCheckResult> {
    try {
      return await this.health.check([
        this.attempt('redis', () => this.redis.ping()),
        this.attempt('database', () => this.askDatabase()),
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

  /** A frozen database keeps the connection of each question: one question at a time is enough to see it come back. */
  private askDatabase(): Promise<unknown> {
    this.databaseProbe ??= this.dataSource.query('SELECT 1').finally(() => {
      this.databaseProbe = undefined;
    });
    return this.databaseProbe;
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
