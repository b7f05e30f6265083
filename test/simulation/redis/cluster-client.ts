import { EventEmitter } from 'node:events';
import type { Cluster } from 'ioredis';
import type { Chance } from '../world/chance.js';
import type { WorldEvent } from '../world/event-queue.js';
import { CLOSED, type ClientSurroundings, inPair, KEY_COMMANDS, SimulatedRedisClient } from './redis-client.js';
import { SLOTS, type SlotRange } from './redis-fleet.js';
import { type Address, addressText } from './redis-process.js';
import type { RedisSite } from './redis-site.js';

/** As `openRedisWith` sets them. */
export interface ClusterClientOptions {
  readonly startupNodes: readonly Address[];
  readonly retryStrategy: () => number;
  readonly slotsIntervalMs: number;
  readonly slotsTimeoutMs: number;
  readonly maxRedirections: number;
  readonly movingRetryMs: number;
}

type Send = (node: SimulatedRedisClient, isAsking: boolean) => Promise<unknown>;
type Pair = Awaited<ReturnType<typeof inPair>>;

/** Which node is tried next: the one that has the slot as far as is known, another one, or any. */
interface Way {
  readonly asked?: string;
  readonly isRandom?: boolean;
}

interface Queued {
  readonly keys: readonly string[];
  readonly send: Send;
}

/**
 * What an instance sees in place of ioredis' Cluster: as far as `ClusterServers` and the stores use one, with the options
 * that the application sets. A client for each master; commands go by slot, and follow MOVED, ASK and TRYAGAIN as those
 * of ioredis do, its peculiarities included: slots of one range share one list, so that a MOVED of one counts for all.
 */
export class SimulatedClusterClient extends EventEmitter {
  /** Who has each slot: the master first, which is all there is. */
  readonly slots: Array<string[] | undefined> = Array.from({ length: SLOTS });
  private status: 'wait' | 'connecting' | 'ready' | 'close' | 'end' = 'wait';
  private readonly pool = new Map<string, SimulatedRedisClient>();
  private ranges: readonly SlotRange[] = [];
  /** Of slots that were found elsewhere since the list was read: undefined for a server that was not in it. */
  private readonly foundElsewhere = new Map<number, string | undefined>();
  private knownVersion = -1;
  private isRefreshing = false;
  private refreshed: Array<(error?: Error) => void> = [];
  private timer: WorldEvent | undefined;
  private readonly chance: Chance;

  constructor(
    private readonly surroundings: ClientSurroundings,
    private readonly options: ClusterClientOptions,
  ) {
    super();
    const { world, fleet, instance } = surroundings;
    this.chance = world.chance(`network between ${instance.name} and Redis`);
    const methods = this as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    for (const name of fleet.scripts.names) methods[name] = (...args) => this.runScript(name, args);
    for (const name of KEY_COMMANDS) methods[name] = (...args) => this.call(name, ...args);
  }

  /** As the application types it. */
  asCluster(): Cluster {
    return this as unknown as Cluster;
  }

  nodes(_role: 'master'): SimulatedRedisClient[] {
    return [...this.pool.values()];
  }

  async connect(): Promise<void> {
    this.status = 'connecting';
    this.resetPool(this.options.startupNodes.map(addressText));
    await new Promise<void>((resolve, reject) => {
      const ready = (): void => {
        this.removeListener('close', failed);
        this.status = 'ready';
        this.refreshLater();
        resolve();
      };
      const failed = (): void => {
        this.removeListener('refresh', ready);
        reject(new Error('None of startup nodes is available'));
      };
      this.once('refresh', ready);
      this.once('close', failed);
      this.refresh((error) => {
        if (error === undefined || this.status !== 'connecting') return;
        this.emit('error', error);
        this.resetPool([]);
      });
    });
  }

  disconnect(): void {
    this.status = 'end';
    this.stopRefreshing();
    this.resetPool([]);
  }

  async call(name: string, ...args: unknown[]): Promise<unknown> {
    const key = String(args[0]);
    return await this.send([key], (node, isAsking) => node.command(name.toLowerCase(), args, isAsking));
  }

  /** All to one node, which must be the one of all of their keys. */
  pipeline(): { exec: () => Promise<Pair[]> } {
    const queue: Queued[] = [];
    const pipeline = { exec: async () => await this.sendAll(queue) };
    const methods = pipeline as unknown as Record<string, unknown>;
    for (const name of this.surroundings.fleet.scripts.names) {
      methods[name] = (...args: unknown[]) => {
        const send: Send = (node, isAsking) => node.runScript(name, args, isAsking);
        queue.push({ keys: this.keysOf(name, args), send });
        return pipeline;
      };
    }
    return pipeline;
  }

  private async runScript(name: string, args: readonly unknown[]): Promise<unknown> {
    return await this.send(this.keysOf(name, args), (node, isAsking) => node.runScript(name, args, isAsking));
  }

  private keysOf(name: string, args: readonly unknown[]): readonly string[] {
    return this.surroundings.fleet.scripts.split(name, args.map(String)).keys;
  }

  private async send([key = '']: readonly string[], send: Send): Promise<unknown> {
    const slot = this.surroundings.fleet.slotOf(key);
    let redirections = this.options.maxRedirections;
    let way: Way = {};
    for (let isFirst = true; ; isFirst = false) {
      const node = this.nodeFor(slot, way);
      try {
        return await send(node, way.asked !== undefined);
      } catch (error) {
        if (!isFirst) redirections -= 1;
        way = await this.wayAfter(error, slot, redirections, node);
      }
    }
  }

  /** @throws Error what the caller is told, when there is no other way */
  private async wayAfter(error: unknown, slot: number, left: number, last: SimulatedRedisClient): Promise<Way> {
    if (left <= 0) throw new Error(`Too many Cluster redirections. Last error: ${String(error)}`);
    const [kind, , address = ''] = (error as Error).message.split(' ');
    if (kind === 'MOVED') {
      this.foundAt(slot, address, last);
      return {};
    }
    if (kind === 'ASK') {
      this.findOrCreate(address);
      return { asked: address };
    }
    if (kind !== 'TRYAGAIN') throw error;
    await this.pause(this.options.movingRetryMs);
    return { isRandom: true };
  }

  private foundAt(slot: number, address: string, last: SimulatedRedisClient): void {
    const list = this.slots[slot];
    if (list === undefined) this.slots[slot] = [address];
    else list[0] = address;
    this.learn(slot, address);
    const isSame = addressText(last.options) === address && this.pool.get(address) === last;
    if (isSame) this.drop(address);
    this.findOrCreate(address);
    this.refresh(() => undefined);
  }

  private learn(slot: number, address: string): void {
    this.knownVersion = -1;
    this.foundElsewhere.set(slot, this.ranges.some((range) => range.address === address) ? address : undefined);
  }

  /** @throws Error as ioredis, when there is none that can be asked now */
  private nodeFor(slot: number, { asked, isRandom = false }: Way, preferred?: string): SimulatedRedisClient {
    const address = asked ?? (isRandom ? undefined : (preferred ?? this.slots[slot]?.[0]));
    const known = address === undefined ? undefined : this.pool.get(address);
    if (this.status !== 'ready' || this.pool.size === 0) {
      throw new Error("Cluster isn't ready and enableOfflineQueue options is false");
    }
    const node = known ?? this.chance.pick([...this.pool.values()]);
    if (node.status !== 'ready') throw new Error(CLOSED);
    return node;
  }

  private async sendAll(queue: readonly Queued[]): Promise<Pair[]> {
    const slots = queue.map(({ keys: [key = ''] }) => this.surroundings.fleet.slotOf(key));
    const [slot = 0] = slots;
    let redirections = this.options.maxRedirections;
    let way: Way = {};
    for (let isFirst = true; ; isFirst = false) {
      if (slots.some((each) => this.groupOf(each) !== this.groupOf(slot))) {
        throw new Error('All keys in the pipeline should belong to the same slots allocation group');
      }
      const answers = await Promise.all(queue.map(({ send }) => inPair(this.sendIn(slot, way, send))));
      const [first] = answers[0] ?? [null];
      const isCommon = first !== null && answers.every(([error]) => error?.message === first.message);
      if (!isCommon) return answers;
      if (!isFirst) redirections -= 1;
      const [kind, of, address = ''] = first.message.split(' ');
      if (redirections <= 0) return answers;
      if (kind === 'TRYAGAIN') await this.pause(this.options.movingRetryMs);
      else if (kind === 'ASK') way = { asked: address };
      else if (kind === 'MOVED') {
        this.slots[Number(of)] = [address];
        this.learn(Number(of), address);
        this.refresh(() => undefined);
        way = this.pool.has(address) ? { asked: address } : {};
      } else return answers;
    }
  }

  private async sendIn(slot: number, way: Way, send: Send): Promise<unknown> {
    const node = this.nodeFor(slot, way);
    return await send(node, way.asked !== undefined);
  }

  /** Slots with one group are those that the same servers had when the list was read. */
  private groupOf(slot: number): string | undefined {
    if (this.foundElsewhere.has(slot)) return this.foundElsewhere.get(slot);
    return this.ranges.find(({ first, last }) => first <= slot && slot <= last)?.address;
  }

  private async pause(ms: number): Promise<void> {
    const { world, instance } = this.surroundings;
    await new Promise<void>((resolve) => void world.after(ms, 'Redis: sent again', resolve, instance));
  }

  private refreshLater(): void {
    this.stopRefreshing();
    if (this.status !== 'ready') return;
    const { world, instance } = this.surroundings;
    const refresh = (): void => this.refresh(() => this.refreshLater());
    this.timer = world.after(this.options.slotsIntervalMs, 'Redis: slots?', refresh, instance);
  }

  private stopRefreshing(): void {
    if (this.timer !== undefined) this.timer.isCancelled = true;
  }

  /** Asks one node after the other, in any order, who has which slots; whoever calls meanwhile shares the answer. */
  private refresh(done: (error?: Error) => void): void {
    this.refreshed.push(done);
    if (this.isRefreshing) return;
    this.isRefreshing = true;
    const nodes = shuffled([...this.pool.values()], this.chance);
    const end = (error?: Error): void => {
      this.isRefreshing = false;
      const told = this.refreshed;
      this.refreshed = [];
      for (const each of told) each(error);
    };
    const ask = (index: number, before: Error | undefined): void => {
      const node = nodes[index];
      if (node === undefined) {
        const error = new Error('Failed to refresh slots cache.');
        end(Object.assign(error, { lastNodeError: before ?? null }));
        return;
      }
      this.askSlots(node, (answer) => {
        if (this.status === 'close' || this.status === 'end') {
          end(new Error('Cluster is disconnected.'));
        } else if (answer instanceof Error) {
          this.emit('node error', answer, addressText(node.options));
          ask(index + 1, answer);
        } else {
          this.read(answer);
          this.emit('refresh');
          end();
        }
      });
    };
    ask(0, undefined);
  }

  /** Over a connection of its own, which is closed at once. */
  private askSlots(node: SimulatedRedisClient, told: (answer: readonly SlotRange[] | Error) => void): void {
    const { world, fleet, instance } = this.surroundings;
    const late = (): void => told(new Error('timeout'));
    const answer = (): void => {
      const site = this.siteAt(node.options);
      const isMaster = site.address.host === node.options.host;
      if (!isMaster || !site.process.isFrozenAt(world.now)) {
        told(!isMaster || site.isReachable ? fleet.slotRanges() : new Error(CLOSED));
        return;
      }
      world.after(this.options.slotsTimeoutMs, 'Redis: slots are late', late, instance);
    };
    world.after(0.2 + this.chance.next() * 3, 'Redis: slots', answer, instance);
  }

  private siteAt({ host }: Address): RedisSite {
    const site = this.surroundings.fleet.sites.find(({ addresses }) => addresses.some((each) => each.host === host));
    if (site === undefined) throw new Error(`no server is ever at ${host}`);
    return site;
  }

  private read(ranges: readonly SlotRange[]): void {
    const { version } = this.surroundings.fleet;
    if (this.knownVersion !== version) {
      this.knownVersion = version;
      this.ranges = ranges;
      this.foundElsewhere.clear();
      for (const { first, last, address } of ranges) {
        const ofRange = [address];
        for (let slot = first; slot <= last; slot += 1) this.slots[slot] = ofRange;
      }
    }
    this.resetPool([...new Set(ranges.map(({ address }) => address))]);
  }

  private resetPool(addresses: readonly string[]): void {
    for (const address of this.pool.keys()) if (!addresses.includes(address)) this.drop(address);
    for (const address of addresses) this.findOrCreate(address);
  }

  private findOrCreate(address: string): void {
    if (this.pool.has(address)) return;
    const [host = '', port] = address.split(':');
    const site = this.siteAt({ host, port: Number(port) });
    const options = { host, port: Number(port), retryStrategy: () => null };
    const node = new SimulatedRedisClient(this.surroundings, site, options, this.chance);
    this.pool.set(address, node);
    node.once('end', () => this.ended(address, node));
    node.on('error', (error: Error) => this.emit('node error', error, address));
    this.emit('+node', node);
  }

  private drop(address: string): void {
    const node = this.pool.get(address);
    if (node === undefined) return;
    this.pool.delete(address);
    node.disconnect();
  }

  /** The last one that ends takes the cluster with it: it is looked for anew. */
  private ended(address: string, node: SimulatedRedisClient): void {
    if (this.pool.get(address) === node) this.pool.delete(address);
    if (this.pool.size > 0 || this.status === 'end' || this.status === 'close') return;
    this.status = 'close';
    this.stopRefreshing();
    this.emit('close');
    const { world, instance } = this.surroundings;
    const again = (): void => {
      if (this.status === 'close') this.connect().catch(() => undefined);
    };
    world.after(this.options.retryStrategy(), 'Redis: reconnect', again, instance);
  }
}

function shuffled<T>(items: T[], chance: Chance): T[] {
  for (let index = items.length - 1; index > 0; index -= 1) {
    const other = chance.below(index + 1);
    [items[index], items[other]] = [items[other] as T, items[index] as T];
  }
  return items;
}
