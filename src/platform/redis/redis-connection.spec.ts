import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { Config } from '../config/config.schema.js';
import type { OpenRedis } from './open-redis.js';
import { RedisConnection } from './redis-connection.js';
import type { RedisNode } from './redis-node.js';

const MASTER = 'run_id:3c61e0\r\nrole:master\r\nmaster_replid:1f5139\r\nloading:0\r\n';
const REPLICA = MASTER.replace('master\r', 'slave\r');
const CONFIG = {
  redis: { url: 'redis://127.0.0.1', tls: {}, commandTimeoutMs: 1000, reconnectMaxDelayMs: 500 },
  metrics: { probeIntervalMs: 60_000 },
} as unknown as Config;

/** A server and the client in one: what it answers is set by the test, which also opens and closes the connection. */
class FakeRedis extends EventEmitter {
  retryStrategy: (() => number) | undefined;
  answer = MASTER;
  refusal: Error | undefined;
  /** What ioredis would wait before each attempt so far. */
  readonly delays: unknown[] = [];

  info = (): Promise<string> => Promise.resolve(this.answer);
  ping = (): Promise<string> => this.set();
  config = (_get: string, name: string): Promise<string[]> =>
    Promise.resolve([name, name === 'appendonly' ? 'yes' : 'noeviction']);
  set = (): Promise<string> => (this.refusal === undefined ? Promise.resolve('OK') : Promise.reject(this.refusal));

  connect(): Promise<void> {
    this.emit('ready');
    return Promise.resolve();
  }

  disconnect(): void {
    this.delays.push(this.retryStrategy?.());
    this.emit('close');
  }
}

let redis: FakeRedis;
let connection: RedisConnection;
let node: RedisNode;
let lines: string[];
let timesReady: number;

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

beforeEach(() => {
  lines = [];
  timesReady = 0;
  const add = (line: string): void => void lines.push(line);
  Logger.overrideLogger({ error: add, warn: add, log: add });
  redis = new FakeRedis();
  const open: Pick<OpenRedis, 'server'> = {
    server: (_address, { retryStrategy }) => Object.assign(redis, { retryStrategy }) as unknown as Redis,
  };
  connection = new RedisConnection(CONFIG, open as OpenRedis);
  [node] = connection.nodes as [RedisNode];
  connection.onReady(() => (timesReady += 1));
});

afterEach(() => {
  connection.onApplicationShutdown();
});

describe('a connection to Redis', () => {
  it('is ready once its server is known to be a master and has taken a write', async () => {
    await connection.onModuleInit();
    expect(connection.problem).toBeUndefined();
    expect(node.master?.runId).toBe('3c61e0');
    expect(timesReady).toBe(1);
    await connection.probe();
    expect(timesReady).toBe(1);
    expect(lines).toEqual(['ready, run_id 3c61e0']);
  });

  it('is kept while its server refuses writes, and tells when that begins and ends', async () => {
    redis.refusal = reply("OOM command not allowed when used memory > 'maxmemory'.");
    await connection.onModuleInit();
    expect(await connection.probe()).toBe('OUT_OF_MEMORY');
    expect(node.master?.runId).toBe('3c61e0');
    expect(timesReady).toBe(0);
    redis.refusal = undefined;
    expect(await connection.probe()).toBeUndefined();
    expect(timesReady).toBe(1);
    expect(redis.delays).toEqual([]);
    expect(lines).toEqual([
      expect.stringMatching(/^unavailable: OUT_OF_MEMORY \(OOM .*\); /),
      expect.stringMatching(/^ready, run_id 3c61e0 after \d+\.\d s$/),
    ]);
  });

  it('is left, each time a little later, while there is a replica at its end', async () => {
    redis.answer = REPLICA;
    for (let attempt = 1; attempt <= 3; attempt += 1) await connection.onModuleInit();
    expect(connection.problem).toBe('READ_ONLY');
    expect(redis.delays).toEqual([50, 100, 150]);
    await expect(node.ping()).rejects.toMatchObject({ reason: 'READ_ONLY' });
    redis.answer = MASTER;
    await connection.onModuleInit();
    expect(connection.problem).toBeUndefined();
    expect(lines).toHaveLength(2);
    redis.disconnect();
    expect(redis.delays.at(-1)).toBe(50);
  });

  it.each([
    ["READONLY You can't write against a read only replica.", true],
    ['LOADING Redis is loading the dataset in memory', true],
    ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", true],
    ["OOM command not allowed when used memory > 'maxmemory'.", false],
    ['NOREPLICAS Not enough good replicas to write.', false],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', false],
  ])('forgets its server by any reply that it is the wrong one: %s', async (message, isLeft) => {
    await connection.onModuleInit();
    await expect(connection.ask('a key', () => Promise.reject(reply(message)))).rejects.toThrow(message);
    expect(redis.delays).toHaveLength(isLeft ? 1 : 0);
    expect(node.master?.runId).toBe(isLeft ? undefined : '3c61e0');
  });

  it('takes another server behind the same connection for a new one', async () => {
    await connection.onModuleInit();
    redis.answer = MASTER.replace('3c61e0', '7ab2f1');
    await connection.probe();
    expect(node.master?.runId).toBe('7ab2f1');
    expect(timesReady).toBe(2);
  });

  it('makes do with a server that hides who it is, and warns once', async () => {
    redis.answer = 'role:master\r\n';
    await connection.onModuleInit();
    redis.disconnect();
    await connection.onModuleInit();
    expect(node.master?.runId).toBe('');
    expect(lines.filter((line) => line.includes('INFO names no run_id and no master_replid'))).toHaveLength(1);
  });

  it('tells nothing when the application ends', async () => {
    await connection.onModuleInit();
    connection.onApplicationShutdown();
    await turn();
    expect(lines).toEqual(['ready, run_id 3c61e0']);
  });
});
