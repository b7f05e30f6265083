import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import calculateSlot from 'cluster-key-slot';
import type { Cluster } from 'ioredis';
import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { Config } from '../config/config.schema.js';
import { ClusterServers } from './cluster-servers.js';
import type { OpenRedis } from './open-redis.js';
import { parseRedisAddress } from './redis-address.js';

const SLOTS = 16_384;
const CONFIG = {
  redis: { commandTimeoutMs: 1000, reconnectMaxDelayMs: 500, waitReplicas: 0 },
  metrics: { probeIntervalMs: 60_000 },
} as unknown as Config;

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

/** The client of one node: connected once it was told to, and what is written to it. */
class FakeNode extends EventEmitter {
  status = 'wait';
  readonly options: { host: string; port: number };
  readonly written: string[] = [];
  refusals: Error[] = [];

  constructor(port: number) {
    super();
    this.options = { host: 'h', port };
  }

  connect = (): Promise<void> => {
    this.status = 'ready';
    this.emit('ready');
    return Promise.resolve();
  };
  disconnect = (): void => void this.emit('close');
  info = (): Promise<string> => Promise.resolve(`run_id:run${this.options.port}\r\nrole:master\r\nmaster_replid:x\r\n`);
  config = (): Promise<string[]> => Promise.resolve([]);
  asking = (): Promise<string> => Promise.reject(new Error('Connection is closed.'));
  ping = (): Promise<string> => Promise.resolve('PONG');
  set = (key: string): Promise<string> => {
    this.written.push(key);
    const refusal = this.refusals.shift();
    return refusal === undefined ? Promise.resolve('OK') : Promise.reject(refusal);
  };
}

/** A cluster as ioredis shows it; a test moves its slots. */
class FakeCluster extends EventEmitter {
  slots: Array<string[] | undefined> = [];
  masters: FakeNode[] = [];

  /** The first node has the slots below the boundary, the second one the rest. */
  share([lower, upper]: readonly [FakeNode, FakeNode], boundary = SLOTS / 2): void {
    const names = [lower, upper].map(({ options }) => [`${options.host}:${options.port}`]);
    this.slots = Array.from({ length: SLOTS }, (_, slot) => names[slot < boundary ? 0 : 1] as string[]);
    this.masters = [lower, upper];
    this.emit('refresh');
  }

  nodes = (): FakeNode[] => this.masters;
  connect = (): Promise<void> => Promise.resolve();
  disconnect = (): void => undefined;
}

let cluster: FakeCluster;
let servers: ClusterServers;
let timesReady: number;
let nodes: [FakeNode, FakeNode];

/** A key in a slot below the middle, or above it. */
const LOW = keyWith((slot) => slot < SLOTS / 2);
const HIGH = keyWith((slot) => slot >= SLOTS / 2);

function keyWith(isWanted: (slot: number) => boolean): string {
  for (let id = 1; ; id += 1) if (isWanted(calculateSlot(`coupon:{${id}}:state`))) return `coupon:{${id}}:state`;
}

beforeEach(async () => {
  Logger.overrideLogger(false);
  timesReady = 0;
  cluster = new FakeCluster();
  const open = { cluster: () => cluster as unknown as Cluster } as unknown as OpenRedis;
  servers = new ClusterServers(parseRedisAddress('redis+cluster://h:1'), CONFIG, open, () => (timesReady += 1));
  nodes = [new FakeNode(1), new FakeNode(2)];
  cluster.share(nodes);
  await servers.connect();
  await turn();
});

afterEach(() => {
  servers.disconnect();
});

describe('the servers of a cluster', () => {
  it('are its masters, each of them connected to and probed', () => {
    expect(servers.nodes.map(({ address, isWell }) => [address, isWell])).toEqual([
      ['h:1', true],
      ['h:2', true],
    ]);
    expect(timesReady).toBe(2);
    expect([servers.nodeOf(LOW)?.address, servers.nodeOf(HIGH)?.address]).toEqual(['h:1', 'h:2']);
    expect([servers.gap, servers.shareDown]).toEqual([undefined, 0]);
  });

  it('suffer each for its own keys', async () => {
    nodes[0].emit('close');
    expect(servers.shareDown).toBe(0.5);
    await expect(servers.nodeOf(LOW)?.ask(() => Promise.resolve('sent'))).rejects.toThrow('not connected');
    expect(await servers.nodeOf(HIGH)?.ask(() => Promise.resolve('sent'))).toBe('sent');
  });

  it('are asked over the client that the cluster has for them now', async () => {
    nodes[0].emit('close');
    const again = new FakeNode(1);
    cluster.share([again, nodes[1]]);
    await turn();
    expect(servers.shareDown).toBe(0);
    expect(timesReady).toBe(3);
    // The old one says nothing any more that counts.
    nodes[0].emit('error', new Error('late'));
    expect(servers.nodeOf(LOW)?.problem).toBeUndefined();
  });

  it('are left when another one has their keys', async () => {
    const before = servers.nodeOf(LOW);
    const promoted = new FakeNode(3);
    nodes[0].emit('close');
    cluster.share([promoted, nodes[1]]);
    await turn();
    expect(before?.hasLeft).toBe(true);
    expect(servers.nodes.map(({ address }) => address)).toEqual(['h:2', 'h:3']);
    expect([servers.nodeOf(LOW)?.isWell, servers.shareDown]).toEqual([true, 0]);
  });

  it('are known for a key that was just found with one of which the list says nothing yet', async () => {
    const found = new FakeNode(3);
    cluster.slots[calculateSlot(LOW)] = ['h:3'];
    cluster.masters = [...nodes, found];
    expect(servers.nodeOf(LOW)?.address).toBe('h:3');
    await turn();
    expect(servers.nodeOf(LOW)?.isWell).toBe(true);
  });

  it('are probed with keys of their own, and with another one while the first is being moved', async () => {
    for (const [index, node] of nodes.entries()) {
      for (const key of node.written) expect(calculateSlot(key) < SLOTS / 2).toBe(index === 0);
    }
    nodes[0].refusals = [reply('ASK 1 h:2'), reply('TRYAGAIN Multiple keys request during rehashing of slot')];
    expect(await servers.nodeOf(LOW)?.probe()).toBeUndefined();
    expect(new Set(nodes[0].written).size).toBe(3);
  });

  it('are not searched for a key while a MOVED has made all their slots look like those of another one', async () => {
    const written = nodes[0].written.length;
    const before = servers.nodeOf(LOW);
    for (let slot = 0; slot < SLOTS / 2; slot += 1) cluster.slots[slot] = ['h:2'];
    cluster.emit('+node', nodes[0]);
    expect(await before?.probe()).toBeUndefined();
    expect(nodes[0].written).toHaveLength(written);
    cluster.share(nodes);
    expect(servers.nodeOf(LOW)).toBe(before);
  });

  it('do not end the process when what ioredis says before a command that follows a key is refused', async () => {
    cluster.emit('+node', nodes[0]);
    expect(await nodes[0].asking()).toBe('OK');
  });

  it('leave a gap while nobody has a slot', () => {
    cluster.slots[calculateSlot(LOW)] = undefined;
    expect(servers.gap).toBe('UNREACHABLE');
    expect(servers.nodeOf(LOW)).toBeUndefined();
  });

  it('do not fit an address whose server is none of a cluster', () => {
    const other = new FakeCluster();
    const open = { cluster: () => other as unknown as Cluster } as unknown as OpenRedis;
    const none = new ClusterServers(parseRedisAddress('redis+cluster://h:1'), CONFIG, open, () => undefined);
    const lastNodeError = reply('ERR This instance has cluster support disabled');
    other.emit('error', Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError }));
    expect(none.hint).toBe('the server is no node of a cluster: use redis://host:port');
    expect(none.gap).toBe('UNREACHABLE');
  });
});
