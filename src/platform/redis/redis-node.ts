import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { SingleFlight } from '../concurrency/single-flight.js';
import type { Config } from '../config/config.schema.js';
import { DependencyState } from '../dependencies/dependency-state.js';
import type { ProblemReason } from '../dependencies/problem-reason.js';
import { messageOf } from '../errors/error-text.js';
import { withinTimeLimit } from '../time-limit.js';
import { ReconnectDelay } from './reconnect-delay.js';
import { type Endpoint, endpointText, type RedisMode } from './redis-address.js';
import {
  isOfWrongServer,
  isRedirection,
  isRedisUnavailable,
  redisProblem,
  RedisUnavailableError,
} from './redis-errors.js';
import { ReplicaWait } from './replica-wait.js';
import { openBeside } from './server-beside.js';
import { INFO_SECTIONS, type Master, masterOf, otherModeHint } from './server-info.js';
import { Silence, SILENCE_MS } from './silence.js';
import { ServerWarnings } from './server-warnings.js';

/** What is written to see whether a server takes writes: one key, or one for each master of a cluster. */
const PROBE_KEY = 'firstcome:probe:{0}';
const PROBE_TTL_MS = 5000;
/** Keys that are tried where the first ones are just being moved to another server. */
const MAX_PROBE_KEYS = 5;

interface Options {
  readonly mode: RedisMode;
  readonly config: Config;
  /** Where the server is, for the log; left out where there is but one. */
  readonly name?: string;
  /** A key that the server has, for the probe: another one than the time before, if so wanted; undefined: it has none. */
  readonly probeKey?: (options: { readonly isOther: boolean }) => string | undefined;
  /** Called whenever a server has been identified and has taken a write. */
  readonly onReady: () => void;
}

/**
 * One master and the connection to it: the only server, the one that sentinels name, or one of a cluster. Nothing is
 * queued while it is down and nothing is sent twice: what got no answer within `redis.commandTimeoutMs` fails, though the
 * server may still carry it out.
 *
 * It is well while a master that takes writes is at the other end. That is probed when the connection opens and every
 * `metrics.probeIntervalMs` while it lives. A server that turns out to be a replica, or to be loading, is forgotten at
 * once and the address connected to anew: the connection to an old master may outlive a fail-over. One that only refuses
 * writes is kept, and heals by itself.
 */
export class RedisNode {
  /** For the log. */
  readonly title: string;
  readonly reconnectDelay: ReconnectDelay;
  private readonly logger: Logger;
  private readonly state: DependencyState;
  private readonly probes = new SingleFlight<object, void>();
  private readonly replicaWait: ReplicaWait;
  private readonly warnings: ServerWarnings;
  private readonly silence = new Silence(() => this.leaveSilentServer());
  private client: Redis | undefined;
  private probing: NodeJS.Timeout | undefined;
  /** Stands for the connection that is open; another object for each, so that a late answer is told from a new one. */
  private connection: object | undefined;
  private server: Master | undefined;
  /** The server has taken a write, and `onReady` was called. */
  private isReady = false;
  private isLeft = false;
  /** What to do where the server runs in another mode than the address says. */
  private hint: string | undefined;

  constructor(private readonly options: Options) {
    const { name, config } = options;
    this.title = name === undefined ? 'Redis' : `Redis ${name}`;
    this.logger = new Logger(this.title);
    this.state = new DependencyState(this.logger, 'what needs it is refused until it is back');
    this.reconnectDelay = new ReconnectDelay(config.redis.reconnectMaxDelayMs);
    this.replicaWait = new ReplicaWait(config.redis);
    this.warnings = new ServerWarnings(this.logger);
  }

  /** Goes over this client from now on; its connection may be open already. */
  use(client: Redis): void {
    if (this.client === client) return;
    const isCurrent = (): boolean => this.client === client;
    if (this.client !== undefined) this.closed();
    this.client = client;
    // From now on until it is ready the client asks by itself.
    client.on('connect', () => isCurrent() && this.silence.asked());
    client.on('ready', () => isCurrent() && this.opened());
    client.on('close', () => isCurrent() && this.closed());
    client.on('error', (error: Error) => isCurrent() && this.reportDown(error));
    if (client.status === 'ready') this.opened();
  }

  /** For the metrics: where the server is, as far as that is known. */
  get address(): string {
    const { name } = this.options;
    if (name !== undefined) return name;
    const { remoteAddress, remotePort } = this.client?.stream ?? {};
    return remoteAddress === undefined ? 'unknown' : `${remoteAddress}:${remotePort}`;
  }

  /** Why the server does not do what we need of it, as far as is known; undefined while it does. */
  get problem(): ProblemReason | undefined {
    return this.state.problem;
  }

  /** True while a master is known, and does what we need of it as far as is known. */
  get isWell(): boolean {
    return this.server !== undefined && this.problem === undefined;
  }

  /** Stands for the connection to a master that is known: another object for each; undefined while there is none. */
  get session(): object | undefined {
    return this.server === undefined ? undefined : this.connection;
  }

  /** Another connection to the server at the other end, for whom it is to be of their own. @throws RedisUnavailableError */
  openBeside(): Redis {
    const { client } = this;
    this.requireServer();
    if (client?.stream?.remoteAddress === undefined) throw this.unavailable();
    return openBeside(client);
  }

  /** The master at the other end, or undefined while there is none. */
  get master(): Master | undefined {
    return this.server;
  }

  /**
   * True while the master takes writes without any replica though it has, or should have, some: then a primary that was
   * replaced by another one goes on taking what is lost when it comes back.
   */
  get mayBeSplit(): boolean {
    if (this.server === undefined || this.server.goodReplicas !== undefined) return false;
    return this.options.mode !== 'single' || this.server.replicas > 0;
  }

  /** What is wrong with the address, when the server runs in another mode; undefined otherwise. */
  get hintOfOtherMode(): string | undefined {
    return this.hint;
  }

  /**
   * For who hears where the primary is: leaves the server at the other end when that is another one, though it may say of
   * itself that it is a primary still.
   */
  async reconnectUnlessTo({ host, port }: Endpoint): Promise<void> {
    const { connection } = this;
    const { remoteAddress, remotePort } = this.client?.stream ?? {};
    if (connection === undefined || remoteAddress === undefined) return;
    // A name that nobody knows is that of another server.
    const addresses = isIP(host) > 0 ? [host] : await lookup(host, { all: true }).then(toAddresses, () => []);
    const isThis = remotePort === port && addresses.includes(remoteAddress.replace(/^::ffff:/, ''));
    if (isThis || connection !== this.connection) return;
    const message = `the sentinels name another primary, ${endpointText({ host, port })}`;
    this.leaveServer(new RedisUnavailableError(message, { reason: 'READ_ONLY' }));
  }

  /** Nobody will ask it again: the server has no keys any more, or the application ends. */
  leave(news?: string): void {
    this.isLeft = true;
    if (news !== undefined) this.state.recover(news);
    this.state.end();
    clearInterval(this.probing);
    this.forgetServer();
  }

  /** True after `leave`. */
  get hasLeft(): boolean {
    return this.isLeft;
  }

  /** Resolves when a master answers, whether it takes writes or not; @throws RedisUnavailableError when it does not. */
  async ping(): Promise<void> {
    await this.askItself((client) => client.ping());
  }

  /** Sees whether the server does what we need of it, and says why it does not; undefined when it does. Never throws. */
  async probe(): Promise<ProblemReason | undefined> {
    const { connection } = this;
    if (connection === undefined) return this.state.problem ?? 'UNREACHABLE';
    await this.probes.run(connection, () => this.probeOver(connection));
    return this.state.problem;
  }

  /**
   * Runs one exchange with the master; @throws RedisUnavailableError when there is none, or it can't be asked, or does
   * not answer in time
   */
  async ask<T>(exchange: () => Promise<T>): Promise<T> {
    this.requireServer();
    const { connection } = this;
    try {
      return await this.withinTimeLimit(exchange());
    } catch (error) {
      // Whatever was asked: another server may be found at the same address.
      if (isOfWrongServer(error) && connection === this.connection) this.leaveServer(error);
      throw isRedisUnavailable(error) ? new RedisUnavailableError(messageOf(error), { cause: error }) : error;
    }
  }

  /** As `ask`, with what concerns this server and no key: it is sent to no other one. */
  async askItself<T>(exchange: (client: Redis) => Promise<T>): Promise<T> {
    const { client } = this;
    if (client === undefined) throw this.unavailable();
    return await this.ask(() => exchange(client));
  }

  /**
   * Resolves when `redis.waitReplicas` replicas have all that the master was told before the call; at once where none
   * are asked for. @throws RedisUnavailableError when they do not within `redis.waitTimeoutMs`
   */
  async replicated(): Promise<void> {
    if (!this.replicaWait.isWanted) return;
    const { client } = this;
    const server = this.requireServer();
    if (client === undefined) throw this.unavailable();
    await this.replicaWait.run(client, server.runId);
  }

  private requireServer(): Master {
    if (this.server !== undefined) return this.server;
    throw this.unavailable();
  }

  private unavailable(): RedisUnavailableError {
    return new RedisUnavailableError('not connected, or the server not known yet', {
      reason: this.state.problem ?? 'UNREACHABLE',
    });
  }

  /** In place of ioredis' own `commandTimeout`, which calls an answer late that has arrived, when this process stalls. */
  private async withinTimeLimit<T>(answer: Promise<T>): Promise<T> {
    const limitMs = this.options.config.redis.commandTimeoutMs;
    const late = () => new RedisUnavailableError(`no answer within ${limitMs} ms`, { reason: 'TIMEOUT' });
    return await withinTimeLimit(answer, limitMs, late);
  }

  private opened(): void {
    this.silence.heard();
    this.connection = {};
    clearInterval(this.probing);
    this.probing = setInterval(() => void this.probe(), this.options.config.metrics.probeIntervalMs);
    void this.probe();
  }

  private closed(): void {
    clearInterval(this.probing);
    this.forgetServer();
    if (this.state.problem === undefined) this.state.fail('UNREACHABLE', 'connection closed');
  }

  private async probeOver(connection: object): Promise<void> {
    const { client } = this;
    if (client === undefined) return;
    try {
      const info = await this.withinTimeLimit(this.listenedTo(client.info(...INFO_SECTIONS)));
      if (this.connection !== connection) return;
      this.identify(info);
      await this.write(client);
      if (this.connection === connection) this.reportWell();
    } catch (error) {
      // A connection that was closed, or left, meanwhile has been reported.
      if (this.connection !== connection) return;
      // One whose server is unknown must not stay open either: it would be of no use.
      if (this.server === undefined || isOfWrongServer(error)) this.leaveServer(error);
      else this.reportDown(error);
    }
  }

  private async write(client: Redis): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const { probeKey = () => PROBE_KEY } = this.options;
      const key = probeKey({ isOther: attempt > 1 });
      if (key === undefined) return;
      try {
        await this.withinTimeLimit(client.set(key, '1', 'PX', PROBE_TTL_MS));
        return;
      } catch (error) {
        if (attempt === MAX_PROBE_KEYS || !isRedirection(error)) throw error;
      }
    }
  }

  /** Notices silence by the probes, which are asked all the time. */
  private async listenedTo<T>(answer: Promise<T>): Promise<T> {
    this.silence.asked();
    try {
      return await answer;
    } finally {
      this.silence.heard();
    }
  }

  private leaveSilentServer(): void {
    this.leaveServer(new RedisUnavailableError(`it said nothing for ${SILENCE_MS} ms`, { reason: 'TIMEOUT' }));
  }

  /** @throws RedisUnavailableError when it is no server for us */
  private identify(info: string): void {
    this.hint = this.options.mode === 'cluster' ? undefined : otherModeHint(info);
    if (this.hint !== undefined) throw new RedisUnavailableError(this.hint, { reason: 'UNREACHABLE' });
    const server = masterOf(info);
    if (this.server?.runId !== server.runId) this.isReady = false;
    this.server = server;
    this.reconnectDelay.succeeded();
    this.warnings.ofHiddenIdentity(server);
  }

  private reportWell(): void {
    const wasReady = this.isReady;
    this.isReady = true;
    const place = this.options.mode === 'sentinel' ? ` at ${this.address}` : '';
    const news = `ready${place}, run_id ${this.server?.runId || 'hidden'}`;
    const wasDown = this.state.recover(news);
    if (this.mayBeSplit) this.warnings.ofSplit();
    if (wasReady) return;
    if (!wasDown) this.logger.log(news);
    this.options.onReady();
    if (this.client !== undefined) void this.warnings.ofUnsafeSettings(this.client);
  }

  /** Connects anew, for this reason. */
  private leaveServer(error: unknown): void {
    this.reportDown(error);
    this.forgetServer();
    this.client?.disconnect(true);
  }

  private forgetServer(): void {
    this.silence.heard();
    this.connection = undefined;
    this.server = undefined;
    this.isReady = false;
    this.replicaWait.close();
  }

  private reportDown(error: unknown): void {
    this.reconnectDelay.failed(error);
    this.state.fail(redisProblem(error), messageOf(error) || 'no answer');
  }
}

function toAddresses(found: LookupAddress[]): string[] {
  return found.map(({ address }) => address);
}
