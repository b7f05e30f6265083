import calculateSlot from 'cluster-key-slot';
import type { Redis } from 'ioredis';
import { reservationKeys } from '../../src/coupon/reservation/reservation-keys.js';
import type { ClusterSet } from './cluster-set.js';
import { eventually } from './poll.js';
import { openRedis } from './redis.js';

/** Keys that are moved in one command. */
const MOVED_AT_ONCE = 100;
const MIGRATE_TIMEOUT_MS = 5_000;

/** A master of a Redis Cluster. */
export interface Master {
  /** Of the process in its set. */
  readonly name: string;
  readonly nodeId: string;
  readonly port: number;
  readonly slots: ReadonlyArray<readonly [first: number, last: number]>;
}

/** The Redis Cluster of a set, as its nodes themselves see it; and its slots moved as an operator moves them. */
export class RedisCluster {
  private readonly clients = new Map<number, Redis>();

  constructor(private readonly set: ClusterSet) {}

  /** The masters with slots, as the first node says that answers. */
  async masters(): Promise<Master[]> {
    const processes = (await this.set.processes()).filter(({ role }) => role.startsWith('redis-'));
    const nameOf = new Map(processes.map(({ name, address }) => [portOf(address), name]));
    const running = processes.filter(({ pid }) => pid !== null);
    const asked = running.map(({ address }) => this.client(portOf(address)).call('CLUSTER', 'NODES'));
    const lines = String(await Promise.any(asked))
      .trim()
      .split('\n');
    return lines.flatMap((line) => {
      const [nodeId = '', address = '', flags = '', , , , , ...slots] = line.split(' ');
      const port = portOf(address.split('@')[0] ?? '');
      const ranges = slots.filter((slot) => !slot.startsWith('[')).map(rangeOf);
      if (!flags.includes('master') || flags.includes('fail') || ranges.length === 0) return [];
      return [{ name: nameOf.get(port) ?? '', nodeId, port, slots: ranges }];
    });
  }

  /** The master that has the coupon's keys. */
  async masterOf(couponId: number): Promise<Master> {
    const slot = slotOf(couponId);
    const found = (await this.masters()).find(({ slots }) =>
      slots.some(([first, last]) => first <= slot && slot <= last),
    );
    if (found === undefined) throw new Error(`no master has slot ${slot}`);
    return found;
  }

  /** A coupon of each master, by the name of the master's process. */
  async couponOfEach(createCoupon: () => Promise<number>): Promise<Map<string, number>> {
    const masters = await this.masters();
    const coupons = new Map<string, number>();
    while (coupons.size < masters.length) {
      const couponId = await createCoupon();
      const { name } = await this.masterOf(couponId);
      if (!coupons.has(name)) coupons.set(name, couponId);
    }
    return coupons;
  }

  /** Moves the slots to another master, and calls `meanwhile` when of the first one `firstKey` has been moved, alone. */
  async moveSlots(
    [first, last]: readonly [first: number, last: number],
    from: Master,
    to: Master,
    { firstKey, meanwhile }: { readonly firstKey: string; readonly meanwhile: () => Promise<void> },
  ): Promise<void> {
    for (let slot = first; slot <= last; slot += 1) {
      await this.client(to.port).call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.nodeId);
      await this.client(from.port).call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.nodeId);
      if (slot === first) {
        await this.moveKeys(from, to, [firstKey]);
        await meanwhile();
      }
      await this.moveAllKeys(slot, from, to);
      for (const { port } of [to, from]) await this.client(port).call('CLUSTER', 'SETSLOT', slot, 'NODE', to.nodeId);
    }
  }

  /** Has a replica of the master take its place, in agreement with it. */
  async failOver(master: Master): Promise<void> {
    const replies = (await this.client(master.port).call('CLUSTER', 'REPLICAS', master.nodeId)) as string[];
    const port = portOf(replies[0]?.split(' ')[1]?.split('@')[0] ?? '');
    await this.client(port).call('CLUSTER', 'FAILOVER');
    await this.isReplaced(master);
  }

  /** Resolves when another server has the slots that the master had. */
  async isReplaced({ nodeId }: Master): Promise<void> {
    await eventually(async () => {
      if ((await this.masters()).some((master) => master.nodeId === nodeId))
        throw new Error(`${nodeId} is a master still`);
    });
  }

  private async moveAllKeys(slot: number, from: Master, to: Master): Promise<void> {
    for (;;) {
      const keys = (await this.client(from.port).call('CLUSTER', 'GETKEYSINSLOT', slot, MOVED_AT_ONCE)) as string[];
      if (keys.length === 0) return;
      await this.moveKeys(from, to, keys);
    }
  }

  private async moveKeys(from: Master, to: Master, keys: readonly string[]): Promise<void> {
    const target = ['127.0.0.1', to.port, '', 0, MIGRATE_TIMEOUT_MS];
    await this.client(from.port).call('MIGRATE', ...target, 'REPLACE', 'KEYS', ...keys);
  }

  private client(port: number): Redis {
    const known = this.clients.get(port);
    if (known !== undefined) return known;
    const client = openRedis(`redis://127.0.0.1:${port}`, { commandTimeout: 10_000, maxRetriesPerRequest: 0 });
    this.clients.set(port, client);
    return client;
  }
}

export function slotOf(couponId: number): number {
  return calculateSlot(reservationKeys.state(couponId));
}

function portOf(address: string): number {
  return Number(address.split(':')[1]);
}

function rangeOf(text: string): [first: number, last: number] {
  const [first, last = first] = text.split('-').map(Number) as [number, number?];
  return [first, last];
}
