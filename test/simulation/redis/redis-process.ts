import { Party } from '../world/party.js';
import type { World } from '../world/world.js';
import { Keyspace, type KeyspaceContents } from './keyspace.js';

/** Where a server listens; in a history no two processes that live do so at the same one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** As clients of a cluster, and its servers, write it. */
export function addressText({ host, port }: Address): string {
  return `${host}:${port}`;
}

/** Who a process is. */
export interface RedisIdentity {
  readonly name: string;
  /** Of this process. */
  readonly runId: string;
  readonly address: Address;
  readonly mode: 'standalone' | 'cluster';
}

export type ChannelListener = (channel: string, message: string) => void;

const READ_ONLY = "READONLY You can't write against a read only replica.";

/** A Redis process: what it holds, who it says that it is, and whether it takes writes. */
export class RedisProcess extends Party {
  readonly keyspace: Keyspace;
  private readonly listeners = new Map<string, Set<ChannelListener>>();
  private role: 'master' | 'slave' = 'master';
  private info = '';

  constructor(
    world: World,
    private readonly who: RedisIdentity,
    /** Of the history of writes that it continues. */
    private replicationId: string,
    contents?: KeyspaceContents,
  ) {
    super(who.name);
    this.keyspace = new Keyspace({
      now: () => world.wallClockMs(this),
      info: () => this.info,
      publish: (channel, message) => this.publish(channel, message),
    });
    if (contents !== undefined) this.keyspace.restore(contents);
    this.describe();
  }

  get isMaster(): boolean {
    return this.role === 'master';
  }

  get address(): Address {
    return this.who.address;
  }

  /** As the scripts compute it. */
  get identity(): string {
    return `${this.who.runId}:${this.replicationId}`;
  }

  /** SSUBSCRIBE: tells the listener of each message on the channel. */
  listen(channel: string, listener: ChannelListener): void {
    const ofChannel = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, ofChannel.add(listener));
  }

  /** SUNSUBSCRIBE, or its connection has ended. */
  forget(channel: string, listener: ChannelListener): void {
    this.listeners.get(channel)?.delete(listener);
  }

  /** It continues another history from now on, as the same process. */
  continueAs(replicationId: string): void {
    this.replicationId = replicationId;
    this.describe();
  }

  /** It has become a replica of someone else, and takes no writes. */
  demote(): void {
    this.role = 'slave';
    this.keyspace.refusal = READ_ONLY;
    this.describe();
  }

  /** Refuses writes with this error of Redis, or takes them again. */
  refuseWrites(refusal: string | undefined): void {
    this.keyspace.refusal = this.isMaster ? refusal : READ_ONLY;
  }

  private publish(channel: string, message: string): number {
    const ofChannel = [...(this.listeners.get(channel) ?? [])];
    for (const listener of ofChannel) listener(channel, message);
    return ofChannel.length;
  }

  private describe(): void {
    this.info = [
      '# Server',
      'redis_version:7.0.15',
      `redis_mode:${this.who.mode}`,
      'os:Linux 6.1.0 x86_64',
      'arch_bits:64',
      'process_id:1',
      `run_id:${this.who.runId}`,
      `tcp_port:${this.who.address.port}`,
      '',
      '# Replication',
      `role:${this.role}`,
      'connected_slaves:1',
      `master_replid:${this.replicationId}`,
      'master_repl_offset:1',
      '',
      '# Persistence',
      'loading:0',
      '',
    ].join('\r\n');
  }
}
