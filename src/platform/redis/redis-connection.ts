import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Redis, RedisOptions } from 'ioredis';
import { SingleFlight } from '../concurrency/single-flight.js';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';
import { DependencyState } from '../dependencies/dependency-state.js';
import type { ProblemReason } from '../dependencies/problem-reason.js';
import { messageOf } from '../errors/error-text.js';
import { withinTimeLimit } from '../time-limit.js';
import { ReconnectDelay } from './reconnect-delay.js';
import { isOfWrongServer, isRedisUnavailable, redisProblem, RedisUnavailableError } from './redis-errors.js';
import { redisTls } from './redis-tls.js';
import { INFO_SECTIONS, type Master, masterOf } from './server-info.js';
import { unsafeSettings } from './unsafe-settings.js';

const CONNECT_TIMEOUT_MS = 2000;
/** A server that says nothing for so long, though asked, may be on a host that is gone: then connect anew. */
const SILENCE_MS = 5000;
/** What is written to see whether Redis takes writes. One key for each master, and there is one. */
const PROBE_KEY = 'firstcome:probe:{0}';
const PROBE_TTL_MS = 5000;

/** Opens a client; injected, so that another one can stand in its place. */
export type OpenRedis = (url: string, options: RedisOptions) => Redis;
export const OPEN_REDIS = Symbol('OpenRedis');

/**
 * The one connection to Redis. Nothing is queued while it is down and nothing is sent twice: what got no answer within
 * `redis.commandTimeoutMs` fails, though the server may still carry it out.
 *
 * Redis is well while a master that takes writes is at the other end. That is probed when the connection opens and every
 * `metrics.probeIntervalMs` while it lives. A server that turns out to be a replica, or to be loading, is forgotten at
 * once and the address connected to anew: the connection to an old master may outlive a fail-over. One that only
 * refuses writes is kept, and heals by itself.
 */
@Injectable()
export class RedisConnection implements OnModuleInit, OnApplicationShutdown {
  readonly client: Redis;
  private readonly logger = new Logger('Redis');
  private readonly state = new DependencyState(this.logger, 'what needs it is refused until it is back');
  private readonly readyListeners: Array<() => void> = [];
  private readonly timeLimitMs: number;
  private readonly reconnectDelay: ReconnectDelay;
  private readonly probes = new SingleFlight<object, void>();
  private probing: NodeJS.Timeout | undefined;
  /** Stands for the connection that is open; another object for each, so that a late answer is told from a new one. */
  private connection: object | undefined;
  private server: Master | undefined;
  /** The server has taken a write, and the listeners know of it. */
  private isReady = false;
  private hasWarnedOfHiddenIdentity = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(OPEN_REDIS) openRedis: OpenRedis,
  ) {
    const { url, tls, commandTimeoutMs, reconnectMaxDelayMs } = config.redis;
    this.timeLimitMs = commandTimeoutMs;
    this.reconnectDelay = new ReconnectDelay(reconnectMaxDelayMs);
    this.client = openRedis(url, {
      ...redisTls(tls),
      lazyConnect: true,
      enableOfflineQueue: false,
      // The probe asks more, and what ioredis has to say of an INFO that fails goes past our log.
      enableReadyCheck: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      retryStrategy: () => this.reconnectDelay.next(),
      reconnectOnError: (error) => this.leaveWrongServer(error),
    });
    this.client.on('ready', () => this.opened());
    this.client.on('close', () => this.closed());
    this.client.on('error', (error: Error) => this.reportDown(error));
  }

  /** Starts connecting. A Redis that is not there does not stop the start: the connection keeps trying. */
  async onModuleInit(): Promise<void> {
    try {
      await this.client.connect();
      await this.probe();
    } catch {
      // It says no more than that the connection was closed, and of that `closed` has told.
    }
  }

  onApplicationShutdown(): void {
    this.state.end();
    clearInterval(this.probing);
    this.client.disconnect();
  }

  /** Why Redis does not do what we need of it, as far as is known; undefined while it does. */
  get problem(): ProblemReason | undefined {
    return this.state.problem;
  }

  /**
   * The `run_id` of the server at the other end, or undefined while there is none; empty where the server hides it. A
   * new value means another process: what it holds may be seconds older than what we were answered before.
   */
  get runId(): string | undefined {
    return this.server?.runId;
  }

  /** `runId`, for what must not be done without knowing it. @throws RedisUnavailableError while there is no server */
  requireRunId(): string {
    return this.requireServer().runId;
  }

  /**
   * Calls `listener` whenever a server has been identified and has taken a write, also the first time; and after a loss
   * of the connection also when it is the same server as before.
   */
  onReady(listener: () => void): void {
    this.readyListeners.push(listener);
    if (this.isReady) listener();
  }

  /** Resolves when a master answers, whether it takes writes or not; @throws RedisUnavailableError when it does not. */
  async ping(): Promise<void> {
    await this.ask((client) => client.ping());
  }

  /** Sees whether Redis does what we need of it, and says why it does not; undefined when it does. Never throws. */
  async probe(): Promise<ProblemReason | undefined> {
    const { connection } = this;
    if (connection === undefined) return this.state.problem ?? 'UNREACHABLE';
    await this.probes.run(connection, () => this.probeOver(connection));
    return this.state.problem;
  }

  /**
   * Runs one exchange with the master at the other end; @throws RedisUnavailableError when there is none, or it can't be
   * asked, or does not answer in time
   */
  async ask<T>(exchange: (client: Redis) => Promise<T>): Promise<T> {
    this.requireServer();
    try {
      return await this.withinTimeLimit(exchange(this.client));
    } catch (error) {
      throw isRedisUnavailable(error) ? new RedisUnavailableError(messageOf(error), { cause: error }) : error;
    }
  }

  private requireServer(): Master {
    if (this.server !== undefined) return this.server;
    throw new RedisUnavailableError('not connected, or the server not known yet', {
      reason: this.state.problem ?? 'UNREACHABLE',
    });
  }

  /** In place of ioredis' own `commandTimeout`, which calls an answer late that has arrived, when this process stalls. */
  private async withinTimeLimit<T>(answer: Promise<T>): Promise<T> {
    const message = `no answer within ${this.timeLimitMs} ms`;
    return await withinTimeLimit(
      answer,
      this.timeLimitMs,
      () => new RedisUnavailableError(message, { reason: 'TIMEOUT' }),
    );
  }

  private opened(): void {
    this.connection = {};
    this.probing = setInterval(() => void this.probe(), this.config.metrics.probeIntervalMs);
    void this.probe();
  }

  private closed(): void {
    clearInterval(this.probing);
    this.forgetServer();
    if (this.state.problem === undefined) this.state.fail('UNREACHABLE', 'connection closed');
  }

  private async probeOver(connection: object): Promise<void> {
    try {
      const info = await this.withinTimeLimit(this.client.info(...INFO_SECTIONS));
      if (this.connection !== connection) return;
      this.identify(masterOf(info));
      await this.withinTimeLimit(this.client.set(PROBE_KEY, '1', 'PX', PROBE_TTL_MS));
      if (this.connection === connection) this.reportWell();
    } catch (error) {
      // A connection that was closed, or left, meanwhile has been reported.
      if (this.connection !== connection) return;
      this.reportDown(error);
      // One whose server is unknown must not stay open either: it would be of no use.
      if (this.server === undefined || isOfWrongServer(error)) this.leave();
    }
  }

  private identify(server: Master): void {
    if (this.server?.runId !== server.runId) this.isReady = false;
    this.server = server;
    this.reconnectDelay.succeeded();
    const hidden = [server.runId === '' && 'run_id', server.replicationId === '' && 'master_replid'].filter(Boolean);
    if (hidden.length === 0 || this.hasWarnedOfHiddenIdentity) return;
    this.hasWarnedOfHiddenIdentity = true;
    this.logger.warn(`INFO names no ${hidden.join(' and no ')}: some losses of what it held cannot be noticed`);
  }

  private reportWell(): void {
    const wasReady = this.isReady;
    this.isReady = true;
    const news = `ready, run_id ${this.server?.runId || 'hidden'}`;
    const wasDown = this.state.recover(news);
    if (wasReady) return;
    if (!wasDown) this.logger.log(news);
    for (const listener of this.readyListeners) listener();
    void this.warnOfUnsafeSettings();
  }

  private async warnOfUnsafeSettings(): Promise<void> {
    for (const warning of await unsafeSettings(this.client)) this.logger.warn(warning);
  }

  /** For ioredis: whether to connect anew because of this reply, whatever was asked. */
  private leaveWrongServer(error: Error): boolean {
    if (!isOfWrongServer(error)) return false;
    this.reportDown(error);
    this.forgetServer();
    return true;
  }

  private leave(): void {
    this.forgetServer();
    this.client.disconnect(true);
  }

  private forgetServer(): void {
    this.connection = undefined;
    this.server = undefined;
    this.isReady = false;
  }

  private reportDown(error: unknown): void {
    this.reconnectDelay.failed(error);
    this.state.fail(redisProblem(error), messageOf(error) || 'no answer');
  }
}
