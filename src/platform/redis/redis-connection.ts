import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';
import { ConfigError } from '../config/read-config.js';
import type { ProblemReason } from '../dependencies/problem-reason.js';
import { ClusterServers } from './cluster-servers.js';
import { LoneServer } from './lone-server.js';
import { OPEN_REDIS, type OpenRedis } from './open-redis.js';
import { parseRedisAddress } from './redis-address.js';
import { RedisUnavailableError } from './redis-errors.js';
import type { RedisNode } from './redis-node.js';
import type { RedisClient, RedisServers } from './redis-servers.js';

/**
 * The one way to Redis, whether that is one server, a primary that sentinels name, or a cluster (ADR 14). Whatever is
 * asked is asked of the server that has its key; so whatever that server suffers concerns its keys alone.
 */
@Injectable()
export class RedisConnection implements OnModuleInit, OnApplicationShutdown {
  private readonly servers: RedisServers;
  private readonly readyListeners: Array<() => void> = [];
  private wasReady = false;

  constructor(@Inject(CONFIG) config: Config, @Inject(OPEN_REDIS) open: OpenRedis) {
    const address = parseRedisAddress(config.redis.url);
    const Servers = address.mode === 'cluster' ? ClusterServers : LoneServer;
    this.servers = new Servers(address, config, open, () => this.ready());
  }

  /**
   * Starts connecting. A Redis that is not there does not stop the start: the connection keeps trying.
   *
   * @throws ConfigError when the server runs in another mode than its address says
   */
  async onModuleInit(): Promise<void> {
    try {
      await this.servers.connect();
      await this.probe();
    } catch {
      // It says no more than that the connection was closed, and of that the servers have told.
    }
    const { hint } = this.servers;
    if (hint !== undefined) throw new ConfigError([`redis.url (REDIS_URL) does not fit: ${hint}`]);
  }

  onApplicationShutdown(): void {
    this.servers.disconnect();
  }

  /** The servers that hold the data. */
  get nodes(): readonly RedisNode[] {
    return this.servers.nodes;
  }

  /** Why some of Redis does not do what we need of it, as far as is known; undefined while all does. */
  get problem(): ProblemReason | undefined {
    return this.servers.gap ?? this.nodes.map(({ problem }) => problem).find((problem) => problem !== undefined);
  }

  /** Of how many of all possible keys the server is not well, as far as is known: from 0 to 1. */
  get shareDown(): number {
    return this.servers.shareDown;
  }

  /** The server that has the key. @throws RedisUnavailableError while none is known */
  nodeOf(key: string): RedisNode {
    const node = this.findNode(key);
    if (node === undefined) throw new RedisUnavailableError('no server is known that has the key');
    return node;
  }

  /** As `nodeOf`; undefined while none is known. */
  findNode(key: string): RedisNode | undefined {
    return this.servers.nodeOf(key);
  }

  /** True while the server that has the key does what we need of it, as far as is known. */
  isWell(key: string): boolean {
    return this.findNode(key)?.isWell ?? false;
  }

  /**
   * Calls `listener` whenever a server has been identified and has taken a write, also the first time; and after a loss
   * of the connection also when it is the same server as before.
   */
  onReady(listener: () => void): void {
    this.readyListeners.push(listener);
    if (this.wasReady) listener();
  }

  /** Sees whether Redis does what we need of it, and says why it does not; undefined when it does. Never throws. */
  async probe(): Promise<ProblemReason | undefined> {
    await Promise.all(this.nodes.map((node) => node.probe()));
    return this.problem ?? (this.nodes.every(({ isWell }) => isWell) ? undefined : 'UNREACHABLE');
  }

  /**
   * Runs one exchange that concerns the key, or keys of the same hash tag, with the master that has it.
   *
   * @throws RedisUnavailableError when there is none, or it can't be asked, or does not answer in time
   */
  async ask<T>(key: string, exchange: (client: RedisClient) => Promise<T>): Promise<T> {
    return await this.nodeOf(key).ask(() => exchange(this.servers.client));
  }

  /** As {@link RedisNode.replicated}, of the server that has the key. */
  async replicated(key: string): Promise<void> {
    await this.nodeOf(key).replicated();
  }

  private ready(): void {
    this.wasReady = true;
    for (const listener of this.readyListeners) listener();
  }
}
