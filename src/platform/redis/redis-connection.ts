import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Redis, RedisOptions } from 'ioredis';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';
import { messageOf } from '../errors/error-text.js';
import { withinTimeLimit } from '../time-limit.js';
import { isRedisUnavailable, RedisUnavailableError } from './redis-errors.js';

const CONNECT_TIMEOUT_MS = 2000;
/** A server that says nothing for so long, though asked, may be on a host that is gone: then connect anew. */
const SILENCE_MS = 5000;

/** Opens a client; injected, so that another one can stand in its place. */
export type OpenRedis = (url: string, options: RedisOptions) => Redis;
export const OPEN_REDIS = Symbol('OpenRedis');

/**
 * The one connection to Redis. Nothing is queued while it is down and nothing is sent twice: what got no answer within
 * `redis.commandTimeoutMs` fails, though the server may still carry it out.
 */
@Injectable()
export class RedisConnection implements OnModuleInit, OnApplicationShutdown {
  readonly client: Redis;
  private readonly logger = new Logger('Redis');
  private readonly readyListeners: Array<() => void> = [];
  private serverRunId: string | undefined;
  private readonly timeLimitMs: number;
  private identified = Promise.resolve();
  private isDown = false;

  constructor(@Inject(CONFIG) config: Config, @Inject(OPEN_REDIS) openRedis: OpenRedis) {
    const { url, commandTimeoutMs, reconnectMaxDelayMs } = config.redis;
    this.timeLimitMs = commandTimeoutMs;
    this.client = openRedis(url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      retryStrategy: (attempt) => Math.min(50 * attempt, reconnectMaxDelayMs),
    });
    this.client.on('ready', () => {
      this.identified = this.identifyServer();
    });
    this.client.on('close', () => this.forgetServer());
    this.client.on('error', (error: Error) => this.reportDown(error.message));
  }

  /** Starts connecting. A Redis that is not there does not stop the start: the connection keeps trying. */
  async onModuleInit(): Promise<void> {
    try {
      await this.client.connect();
      await this.identified;
    } catch (error) {
      this.reportDown(messageOf(error));
    }
  }

  onApplicationShutdown(): void {
    this.isDown = true; // an ordinary end is no outage to report
    this.client.disconnect();
  }

  /**
   * The `run_id` of the server at the other end, or undefined while there is none. A new value means another process:
   * what it holds may be seconds older than what we were answered before.
   */
  get runId(): string | undefined {
    return this.serverRunId;
  }

  /** `runId`, for what must not be done without knowing it. @throws RedisUnavailableError while there is none */
  requireRunId(): string {
    if (this.serverRunId === undefined) throw new RedisUnavailableError('not connected, or the server not known yet');
    return this.serverRunId;
  }

  /** Calls `listener` whenever a connection is ready and its server known, also the first time. */
  onReady(listener: () => void): void {
    this.readyListeners.push(listener);
    if (this.serverRunId !== undefined) listener();
  }

  /** Resolves when Redis answers; @throws RedisUnavailableError when it does not. */
  async ping(): Promise<void> {
    await this.ask((client) => client.ping());
  }

  /** Runs one exchange with Redis; @throws RedisUnavailableError when it can't be asked or does not answer in time */
  async ask<T>(exchange: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await this.withinTimeLimit(exchange(this.client));
    } catch (error) {
      throw isRedisUnavailable(error) ? new RedisUnavailableError(messageOf(error), { cause: error }) : error;
    }
  }

  /** In place of ioredis' own `commandTimeout`, which calls an answer late that has arrived, when this process stalls. */
  private async withinTimeLimit<T>(answer: Promise<T>): Promise<T> {
    const late = () => new RedisUnavailableError(`no answer within ${this.timeLimitMs} ms`);
    return await withinTimeLimit(answer, this.timeLimitMs, late);
  }

  private async identifyServer(): Promise<void> {
    try {
      const info = await this.withinTimeLimit(this.client.info('server'));
      this.serverRunId = /^run_id:(\w+)/m.exec(info)?.[1];
      if (this.serverRunId === undefined) throw new Error('INFO server names no run_id');
      this.logger.log(`ready, run_id ${this.serverRunId}`);
      this.isDown = false;
      for (const listener of this.readyListeners) listener();
      await this.warnOfUnsafeSettings();
    } catch (error) {
      this.reportDown(messageOf(error));
      // Connect anew: a connection whose server is unknown must not stay open, it would be of no use.
      this.client.disconnect(true);
    }
  }

  private async warnOfUnsafeSettings(): Promise<void> {
    const wanted = { appendonly: 'yes', 'maxmemory-policy': 'noeviction' };
    for (const [setting, safe] of Object.entries(wanted)) {
      const answer: unknown = await this.client.config('GET', setting).catch(() => undefined);
      const value = Array.isArray(answer)
        ? String(answer[1])
        : Object.values((answer ?? {}) as Record<string, string>)[0];
      if (value !== safe) {
        this.logger.warn(
          `runs with ${setting}=${value ?? 'unknown'}; what it was told is only safe with ${setting}=${safe}`,
        );
      }
    }
  }

  private forgetServer(): void {
    this.serverRunId = undefined;
    this.reportDown('connection closed');
  }

  /** Once for each outage, not for each attempt to reconnect. */
  private reportDown(reason: string): void {
    if (this.isDown) return;
    this.isDown = true;
    this.logger.error(`unavailable: ${reason || 'no answer'}; what needs it is refused until it is back`);
  }
}
