import type { Redis } from 'ioredis';
import { openDatabase, type TestDatabase } from './database.js';
import type { Servers } from './instance.js';
import { createOwnSchema } from './own-schema.js';
import { openRedis } from './redis.js';
import { type PrivateServer, startPrivateRedis } from './servers.js';

/** A schema and a Redis that nobody else uses, and direct connections to both. */
export interface OwnServers {
  readonly servers: Servers;
  readonly redisServer: PrivateServer;
  readonly redis: Redis;
  readonly database: TestDatabase;
}

/**
 * For instances in the test's process. The schema, called after `name`, is one of the MySQL of the test run, which no
 * test may kill.
 */
export async function openOwnServers(name: string): Promise<OwnServers> {
  const [databaseUrl, redisServer] = await Promise.all([createOwnSchema(name), startPrivateRedis()]);
  return {
    servers: { databaseUrl, redisUrl: redisServer.url },
    redisServer,
    redis: openRedis(redisServer.url),
    database: openDatabase(databaseUrl),
  };
}
