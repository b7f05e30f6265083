import { expect } from '@jest/globals';
import { Redis, type RedisOptions } from 'ioredis';
import type { RedisConnection } from '../../src/platform/redis/redis-connection.js';
import { atEndOfFile } from './cleanup.js';

/**
 * A direct connection, past the application, to plant something and to see what is there; closed at the end of the
 * test file. When a test takes the server away it comes back by itself.
 */
export function openRedis(url: string, options: RedisOptions = {}): Redis {
  const redis = new Redis(url, options);
  redis.on('error', () => undefined);
  atEndOfFile(async () => redis.disconnect());
  return redis;
}

/** The `run_id` of the one server that the connection leads to; undefined while it leads to none. */
export function runIdOf(connection: RedisConnection): string | undefined {
  return connection.nodes[0]?.master?.runId;
}

/** Asserts that the connection leads to a server. */
export function expectConnected(connection: RedisConnection): void {
  expect(runIdOf(connection)).toBeDefined();
}
