import calculateSlot from 'cluster-key-slot';
import type { RedisScripts } from '../../../src/platform/redis/redis-scripts.js';
import type { Strikes } from '../world/strikes.js';
import type { World } from '../world/world.js';
import type { Keyspace } from './keyspace.js';
import type { Lua } from './lua.js';
import { type Address, addressText, type RedisProcess } from './redis-process.js';
import { RedisReplyError } from './replies.js';
import { RedisSite, type ScriptWatch } from './redis-site.js';
import { ScriptLibrary } from './script-library.js';

export const SLOTS = 16_384;
const PORT = 6379;
/** So that the coupons 1, 2 and 3 have masters of their own where there are three, and 1 and 2 where there are two. */
const FIRST_SLOTS: Readonly<Record<number, readonly number[]>> = { 1: [0], 2: [0, 7500], 3: [0, 3500, 7500] };

/** Slots next to each other that one server has. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
  readonly address: string;
}

/**
 * The Redis of a history: one server, or the masters of a cluster, each with its slots, of which some may be on their way
 * from one to another. Every server knows at once who has which slot.
 */
export class RedisFleet {
  readonly sites: readonly RedisSite[];
  readonly scripts: ScriptLibrary;
  watch: ScriptWatch = () => undefined;
  /** Another number each time that a slot has got another server, or a server another address. */
  version = 0;
  /** Someone who asks an old one may be told of nothing that the new one knows. */
  hasHadTwoMasters = false;
  private readonly firstSlots: readonly number[];
  /** Slots that were moved to another site. */
  private readonly moved = new Map<number, RedisSite>();
  /** To where the keys of a slot are being moved. */
  private readonly moving = new Map<number, RedisSite>();
  private readonly slots = new Map<string, number>();
  private processes = 0;
  private histories = 0;

  /** @param shards of a cluster; undefined: a single server */
  constructor(
    world: World,
    lua: Lua,
    scripts: RedisScripts,
    readonly strikes: Strikes,
    shards?: number,
  ) {
    this.isCluster = shards !== undefined;
    this.scripts = new ScriptLibrary(lua, scripts);
    this.firstSlots = FIRST_SLOTS[shards ?? 1] ?? [0];
    this.sites = this.firstSlots.map((_first, index): RedisSite => {
      const site: RedisSite = new RedisSite(world, this.scripts, strikes, {
        addresses: this.isCluster ? [addressOf(index, 1), addressOf(index, 2)] : [addressOf(index, 1)],
        mode: this.isCluster ? 'cluster' : 'standalone',
        replicationId: this.newHistory(),
        number: () => (this.processes += 1),
        watch: (call) => this.watch(call),
        isOfSite: (key) => this.siteOf(key) === site || this.moving.get(this.slotOf(key)) === site,
      });
      return site;
    });
  }

  readonly isCluster: boolean;

  /** A name for a history of writes that begins. */
  newHistory(): string {
    this.histories += 1;
    return `history${this.histories}`;
  }

  slotOf(key: string): number {
    let slot = this.slots.get(key);
    if (slot === undefined) this.slots.set(key, (slot = calculateSlot(key)));
    return slot;
  }

  /** The site whose master has the key's slot. */
  siteOf(key: string): RedisSite {
    return this.isCluster ? this.siteOfSlot(this.slotOf(key)) : (this.sites[0] as RedisSite);
  }

  /** The one of this number, counted around. */
  which(number: number): RedisSite {
    return this.sites[number % this.sites.length] as RedisSite;
  }

  /** The process that has the key, which may be on its way to another one. */
  holderOf(key: string): RedisProcess {
    const { process } = this.siteOf(key);
    if (!this.isCluster) return process;
    const next = this.moving.get(this.slotOf(key))?.process;
    return next?.keyspace.has(key) && !process.keyspace.has(key) ? next : process;
  }

  keyspaceOf(key: string): Keyspace {
    return this.holderOf(key).keyspace;
  }

  /** Whether it is the master that all but those know who have not heard of another one yet. */
  isCurrent(process: RedisProcess): boolean {
    return this.sites.some((site) => site.process === process);
  }

  /** Whether keys with this one's tag are in two places now. */
  isMoving(key: string): boolean {
    return this.isCluster && this.moving.has(this.slotOf(key));
  }

  /**
   * What a process answers to whom asks for keys, all of one slot, that it does not have (`getNodeByQuery` in cluster.c
   * of Redis 7.0).
   *
   * @throws RedisReplyError MOVED, ASK or TRYAGAIN
   */
  assertHolds(process: RedisProcess, keys: readonly string[], isAsking: boolean): void {
    const [key] = keys;
    if (!this.isCluster || key === undefined) return;
    const slot = this.slotOf(key);
    const site = this.siteOfSlot(slot);
    const next = this.moving.get(slot);
    const missing = next === undefined ? 0 : keys.filter((each) => !process.keyspace.has(each)).length;
    if (process === site.process) {
      if (next === undefined || missing === 0) return;
      if (missing < keys.length) throw tryAgain();
      throw new RedisReplyError(`ASK ${slot} ${addressText(next.address)}`);
    }
    if (next !== undefined && process === next.process && isAsking) {
      if (keys.length > 1 && missing > 0) throw tryAgain();
      return;
    }
    throw new RedisReplyError(`MOVED ${slot} ${addressText(site.address)}`);
  }

  /** As {@link assertHolds} for a channel, which is nowhere else while the keys of its slot are being moved. */
  assertHasSlot(process: RedisProcess, channel: string): void {
    if (!this.isCluster) return;
    const { process: holder, address } = this.siteOf(channel);
    if (process !== holder) throw new RedisReplyError(`MOVED ${this.slotOf(channel)} ${addressText(address)}`);
  }

  /** What CLUSTER SLOTS answers. */
  slotRanges(): SlotRange[] {
    const ends = [...this.firstSlots, ...[...this.moved.keys()].flatMap((slot) => [slot, slot + 1]), SLOTS];
    const starts = [...new Set(ends)].sort((a, b) => a - b);
    return starts.slice(0, -1).map((first, index) => ({
      first,
      last: (starts[index + 1] as number) - 1,
      address: addressText(this.siteOfSlot(first).address),
    }));
  }

  /** From now on the keys of the slot go to another site, one by one with {@link moveKey}. */
  beginMove(slot: number, to: RedisSite): void {
    this.moving.set(slot, to);
  }

  /** Moves one more key; false when none is left: then the slot is the other site's. */
  moveKey(slot: number): boolean {
    const to = this.moving.get(slot);
    if (to === undefined) return false;
    const from = this.siteOfSlot(slot).process;
    const key = from.keyspace.keys().find((each) => this.slotOf(each) === slot);
    if (key === undefined) {
      this.moving.delete(slot);
      this.moved.set(slot, to);
      this.version += 1;
      return false;
    }
    from.keyspace.moveKey(key, to.process.keyspace);
    return true;
  }

  /** Who moves it has given up: what was moved already nobody can find. */
  cancelMoves(of: RedisSite): void {
    for (const [slot, to] of this.moving) {
      if (to !== of && this.siteOfSlot(slot) !== of) continue;
      this.moving.delete(slot);
      const { keyspace } = to.process;
      for (const key of keyspace.keys()) if (this.slotOf(key) === slot) keyspace.call(['DEL', key]);
    }
  }

  finishMoves(): void {
    for (const slot of this.moving.keys()) while (this.moveKey(slot));
  }

  isSlotMoving(slot: number): boolean {
    return this.moving.has(slot);
  }

  siteOfSlot(slot: number): RedisSite {
    const moved = this.moved.get(slot);
    if (moved !== undefined) return moved;
    let index = this.firstSlots.length - 1;
    while ((this.firstSlots[index] as number) > slot) index -= 1;
    return this.sites[index] as RedisSite;
  }
}

/** Under which instances look for a cluster of so many shards. */
export function clusterUrl(shards: number): string {
  const addresses = Array.from({ length: shards }, (_, index) => [addressOf(index, 1), addressOf(index, 2)]);
  return `redis+cluster://${addresses.flat().map(addressText).join(',')}`;
}

function addressOf(site: number, replica: number): Address {
  return { host: `10.0.${site}.${replica}`, port: PORT };
}

function tryAgain(): RedisReplyError {
  return new RedisReplyError('TRYAGAIN Multiple keys request during rehashing of slot');
}
