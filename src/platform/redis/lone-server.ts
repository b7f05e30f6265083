import type { Redis } from 'ioredis';
import type { Config } from '../config/config.schema.js';
import type { OpenRedis } from './open-redis.js';
import type { RedisAddress } from './redis-address.js';
import { RedisNode } from './redis-node.js';
import type { RedisServers } from './redis-servers.js';
import { SentinelWatch } from './sentinel-watch.js';

/** One server that has every key: given by its address, or named by sentinels, and then another one after a fail-over. */
export class LoneServer implements RedisServers {
  readonly client: Redis;
  readonly nodes: readonly [RedisNode];
  readonly gap = undefined;
  private readonly sentinels: SentinelWatch | undefined;

  constructor(address: RedisAddress, config: Config, open: OpenRedis, onReady: () => void) {
    const node = new RedisNode({ mode: address.mode, config, onReady });
    this.nodes = [node];
    this.client = open.server(address, { retryStrategy: () => node.reconnectDelay.next() });
    node.use(this.client);
    if (address.mode === 'sentinel') {
      this.sentinels = new SentinelWatch(address, open, (primary) => void node.reconnectUnlessTo(primary));
    }
  }

  get shareDown(): number {
    return this.nodes[0].isWell ? 0 : 1;
  }

  get hint(): string | undefined {
    return this.nodes[0].hintOfOtherMode ?? this.sentinels?.hint;
  }

  nodeOf(): RedisNode {
    return this.nodes[0];
  }

  async connect(): Promise<void> {
    // While no sentinel answers, the attempt to connect does not end.
    const failed = new Promise<never>((_resolve, reject) => this.client.once('error', reject));
    const [server] = await Promise.allSettled([
      Promise.race([this.client.connect(), failed]),
      this.sentinels?.connect(),
    ]);
    if (server.status === 'rejected') throw server.reason;
  }

  disconnect(): void {
    this.sentinels?.disconnect();
    this.nodes[0].leave();
    this.client.disconnect();
  }
}
