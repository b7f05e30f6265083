import { Logger } from '@nestjs/common';
import calculateSlot from 'cluster-key-slot';
import type { Cluster, Redis } from 'ioredis';
import type { Config } from '../config/config.schema.js';
import { DependencyState } from '../dependencies/dependency-state.js';
import type { ProblemReason } from '../dependencies/problem-reason.js';
import { messageOf } from '../errors/error-text.js';
import type { OpenRedis } from './open-redis.js';
import { ReconnectDelay } from './reconnect-delay.js';
import type { RedisAddress } from './redis-address.js';
import { redisProblem } from './redis-errors.js';
import { RedisNode } from './redis-node.js';
import type { RedisServers } from './redis-servers.js';

const SLOTS = 16_384;
/** What a server replies that was asked who has which slots, and is none of a cluster. */
const NO_CLUSTER = /cluster support disabled/;

/**
 * The masters of a Redis Cluster, each by itself: one that is away concerns those alone who ask for its keys. ioredis
 * knows who has which slot, and follows a key that was moved, which is safe: it was not carried out where it is no more.
 */
export class ClusterServers implements RedisServers {
  readonly client: Cluster;
  private readonly logger = new Logger('Redis');
  /** Of the cluster as a whole, while no master of it is known. */
  private readonly state = new DependencyState(this.logger, 'what needs it is refused until it is back');
  private readonly reconnectDelay: ReconnectDelay;
  private readonly byAddress = new Map<string, RedisNode>();
  private readonly connecting = new Set<Promise<void>>();
  hint: string | undefined;

  constructor(
    address: RedisAddress,
    private readonly config: Config,
    open: OpenRedis,
    private readonly onReady: () => void,
  ) {
    this.reconnectDelay = new ReconnectDelay(config.redis.reconnectMaxDelayMs);
    this.client = open.cluster(address, { retryStrategy: () => this.reconnectDelay.next() });
    this.client.on('refresh', () => {
      const masters = this.masters();
      this.dropAllBut(masters);
      this.learn(masters);
    });
    this.client.on('+node', (client: Redis) => {
      overlookFailedAsking(client);
      this.learn();
    });
    this.client.on('node error', (error: Error) => this.reconnectDelay.failed(error));
    this.client.on('error', (error: Error) => this.reportDown(error));
  }

  get nodes(): readonly RedisNode[] {
    return [...this.byAddress.values()];
  }

  get gap(): ProblemReason | undefined {
    if (this.byAddress.size === 0) return this.state.problem ?? 'UNREACHABLE';
    return this.slotsWithout(() => true) > 0 ? 'UNREACHABLE' : undefined;
  }

  get shareDown(): number {
    return this.slotsWithout(({ isWell }) => isWell) / SLOTS;
  }

  nodeOf(key: string): RedisNode | undefined {
    const address = this.client.slots[calculateSlot(key)]?.[0];
    if (address === undefined) return undefined;
    // A key that was just found elsewhere is known there before the list is read anew.
    if (!this.byAddress.has(address)) this.learn();
    return this.byAddress.get(address);
  }

  async connect(): Promise<void> {
    await this.client.connect();
    // Before anyone asks whether they are well: those that can be reached are connected to.
    await Promise.allSettled(this.connecting.values());
  }

  disconnect(): void {
    this.state.end();
    for (const node of this.nodes) node.leave();
    this.client.disconnect();
  }

  /** Only when the list was read anew: where one key was found elsewhere, ioredis takes those beside it for moved, too. */
  private dropAllBut(masters: ReadonlySet<string>): void {
    for (const [address, node] of this.byAddress) {
      if (masters.has(address)) continue;
      this.byAddress.delete(address);
      node.leave('has no keys any more');
    }
  }

  /** Learns from the client which masters there are, and over which connection each is asked. */
  private learn(masters: ReadonlySet<string> = this.masters()): void {
    const clients = new Map(this.client.nodes('master').map((client) => [addressOf(client), client]));
    for (const address of masters) {
      const node = this.byAddress.get(address) ?? this.add(address);
      const client = clients.get(address);
      if (client === undefined) continue;
      node.use(client);
      if (client.status === 'wait') void this.open(client);
    }
    if (masters.size === 0) return;
    this.reconnectDelay.succeeded();
    this.state.recover(`found a cluster of ${masters.size} masters`);
  }

  private async open(client: Redis): Promise<void> {
    const connecting = client.connect();
    this.connecting.add(connecting);
    // Why it failed the node is told by an event.
    await connecting.catch(() => undefined);
    this.connecting.delete(connecting);
  }

  private masters(): Set<string> {
    const masters = new Set<string>();
    // Slots next to each other mostly share one list of servers.
    let before: string[] | undefined;
    for (const servers of this.client.slots) {
      if (servers !== before && servers?.[0] !== undefined) masters.add(servers[0]);
      before = servers;
    }
    return masters;
  }

  private add(address: string): RedisNode {
    let tag = 0;
    const isOwn = (): boolean => this.client.slots[calculateSlot(probeKeyOf(tag))]?.[0] === address;
    const probeKey = ({ isOther }: { readonly isOther: boolean }): string | undefined => {
      if (isOther) tag += 1;
      // See `dropAllBut`: it may have none for a moment, and a search would never end.
      if (!isOwn() && !this.masters().has(address)) return undefined;
      // Almost always the one of the time before.
      while (!isOwn()) tag += 1;
      return probeKeyOf(tag);
    };
    const node = new RedisNode({
      mode: 'cluster',
      config: this.config,
      name: address,
      probeKey,
      onReady: this.onReady,
    });
    this.byAddress.set(address, node);
    return node;
  }

  private slotsWithout(isGood: (node: RedisNode) => boolean): number {
    let slots = 0;
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const node = this.byAddress.get(this.client.slots[slot]?.[0] ?? '');
      if (node === undefined || !isGood(node)) slots += 1;
    }
    return slots;
  }

  private reportDown(error: Error): void {
    this.reconnectDelay.failed(error);
    // Of the masters that are known each tells for itself.
    if (this.byAddress.size > 0) return;
    const words = 'lastNodeError' in error ? messageOf(error.lastNodeError) : messageOf(error);
    this.hint = NO_CLUSTER.test(words) ? 'the server is no node of a cluster: use redis://host:port' : undefined;
    this.state.fail(redisProblem(error), words);
  }
}

/**
 * ioredis sends ASKING before a command that follows a key on its way, and never looks at what comes of it: refused by a
 * node that is gone, it would end the process. The command itself fails, too.
 */
function overlookFailedAsking(client: Redis): void {
  const ask = client.asking.bind(client);
  client.asking = async () => await ask().catch(() => 'OK' as const);
}

/** As ioredis names a node in `slots`. */
function addressOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`;
}

function probeKeyOf(tag: number): string {
  return `firstcome:probe:{${tag}}`;
}
