import type { Party } from '../world/party.js';
import type { Strikes } from '../world/strikes.js';
import type { World } from '../world/world.js';
import type { KeyspaceContents, Reply } from './keyspace.js';
import type { ScriptLibrary } from './script-library.js';
import { type Address, RedisProcess } from './redis-process.js';
import type { SimulatedRedisClient } from './redis-client.js';

/** A script that is about to be carried out. */
export interface ScriptCall {
  readonly name: string;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  readonly process: RedisProcess;
}

/** What watches the scripts: told before each one, it may answer who wants to know its outcome. */
export type ScriptWatch = (call: ScriptCall) => ((reply: Reply) => void) | undefined;

/** What a site is told of the fleet of which it is one. */
export interface SiteOptions {
  /** Of the first one and of its replica, which take turns; a single server keeps its address. */
  readonly addresses: readonly [Address, ...Address[]];
  readonly mode: 'standalone' | 'cluster';
  /** Of the process that begins. */
  readonly replicationId: string;
  /** The number of the next process. */
  readonly number: () => number;
  readonly watch: ScriptWatch;
  /** Of the keys of a process that comes up those that belong here. */
  readonly isOfSite: (key: string) => boolean;
}

/** The moment at which the replica stopped following. */
interface Lag {
  readonly process: RedisProcess;
  readonly writes: number;
  readonly contents: KeyspaceContents;
}

/** A master that clients know, whatever process it is now, and its replica. */
export class RedisSite {
  process: RedisProcess;
  /** False while nothing listens there. */
  isReachable = true;
  readonly clients = new Set<SimulatedRedisClient>();
  private lag: Lag | undefined;
  private place = 0;

  constructor(
    private readonly world: World,
    private readonly scripts: ScriptLibrary,
    readonly strikes: Strikes,
    private readonly options: SiteOptions,
  ) {
    this.process = this.newProcess(options.replicationId);
  }

  get scriptNames(): Iterable<string> {
    return this.scripts.names;
  }

  /** Where the master is. */
  get address(): Address {
    return this.options.addresses[this.place % this.options.addresses.length] as Address;
  }

  /** All addresses that its servers ever have. */
  get addresses(): readonly Address[] {
    return this.options.addresses;
  }

  /** Another process comes up with these contents in place of the one that is there; at the other address if told so. */
  replace(contents: KeyspaceContents, replicationId: string, { isElsewhere = false } = {}): RedisProcess {
    const before = this.process;
    if (isElsewhere) this.place += 1;
    this.process = this.newProcess(replicationId, this.ownOf(contents));
    this.process.clockOffsetMs = before.clockOffsetMs;
    return before;
  }

  /** The process holds these contents from now on. */
  restore(process: RedisProcess, contents: KeyspaceContents): void {
    process.keyspace.restore(this.ownOf(contents));
  }

  /** Who answers whom connects to this address now; undefined while nobody does. */
  listening({ host, port }: Address): RedisProcess | undefined {
    const { address, process } = this;
    if (!this.isReachable || process.isDead || process.isFrozenAt(this.world.now)) return undefined;
    return address.host === host && address.port === port ? process : undefined;
  }

  /** The replica hears nothing any more of what the master is told. */
  stopReplica(): void {
    const { process } = this;
    const { writes } = process.keyspace;
    this.lag ??= { process, writes, contents: process.keyspace.snapshot() };
  }

  /** The replica has caught up, unless there is nobody to tell it what it has missed. */
  resumeReplica(): void {
    if (!this.process.isDead) this.lag = undefined;
  }

  get isReplicaStopped(): boolean {
    return this.lag !== undefined;
  }

  /** What the replica has. */
  get contentsOfReplica(): KeyspaceContents {
    return this.lag?.contents ?? this.process.keyspace.snapshot();
  }

  /** Up to which of the writes of this process the replica has all. */
  replicatedBy(process: RedisProcess): number {
    if (process !== this.process) return -1;
    if (this.lag === undefined) return process.keyspace.writes;
    return this.lag.process === process ? this.lag.writes : -1;
  }

  /** Runs one of the scripts in a process. @throws RedisReplyError */
  runScript(process: RedisProcess, name: string, keysAndArgs: readonly string[]): Reply {
    const { keys, args } = this.scripts.split(name, keysAndArgs);
    const told = this.options.watch({ name, keys, args, process });
    const reply = this.scripts.run(name, keys, args, process.keyspace);
    told?.(reply);
    return reply;
  }

  /** Breaks every connection to the process, but for those of one instance. */
  dropClientsOf(process: RedisProcess, { but }: { but?: Party | undefined } = {}): void {
    for (const client of this.clients) {
      if (client.process === process && client.instance !== but) client.breakConnection();
    }
  }

  private ownOf(contents: KeyspaceContents): KeyspaceContents {
    return this.options.mode === 'cluster' ? contents.only(this.options.isOfSite) : contents;
  }

  private newProcess(replicationId: string, contents?: KeyspaceContents): RedisProcess {
    const number = this.options.number();
    const { mode } = this.options;
    const who = { name: `redis${number}`, runId: `run${number}`, address: this.address, mode };
    return new RedisProcess(this.world, who, replicationId, contents);
  }
}
