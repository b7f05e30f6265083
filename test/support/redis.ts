import { Redis, type RedisOptions } from 'ioredis';
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
