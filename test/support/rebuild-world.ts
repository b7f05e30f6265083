import type { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { openDatabase, type TestDatabase } from './database.js';
import { Instance } from './instance.js';
import { createOwnSchema } from './own-schema.js';
import { openRedis } from './redis.js';
import { type PrivateServer, startPrivateRedis } from './servers.js';

/** Two instances over a Redis and a schema of their own, and direct connections to plant and to see what happens. */
export interface RebuildWorld {
  readonly one: Instance;
  readonly other: Instance;
  readonly dataSource: DataSource;
  readonly database: TestDatabase;
  readonly redis: PrivateServer;
  readonly raw: Redis;
}

export async function openRebuildWorld(name: string): Promise<RebuildWorld> {
  const [databaseUrl, redis] = await Promise.all([createOwnSchema(name), startPrivateRedis()]);
  const servers = { databaseUrl, redisUrl: redis.url };
  const [one, other] = [await Instance.open({ servers }), await Instance.open({ servers })];
  const raw = openRedis(redis.url);
  return { one, other, dataSource: one.get(DataSource), database: openDatabase(databaseUrl), redis, raw };
}
