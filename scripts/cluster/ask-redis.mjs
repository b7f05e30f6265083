/** What the Redis servers of a set say of themselves and of each other. */
import { Redis } from 'ioredis';

/** @import { Member } from './plan.mjs' */

/** One that is frozen never answers. */
const TIMEOUT_MS = 500;

/** Null when it gives no answer. @template T @param {number} port @param {(redis: Redis) => Promise<T>} ask @returns {Promise<T | null>} */
export async function askRedis(port, ask) {
  const redis = new Redis({
    host: '127.0.0.1',
    port,
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    // And of a frozen one the client would wait for the end of the connection.
    disconnectTimeout: 10,
    retryStrategy: () => null,
  });
  // Each call says it, too.
  redis.on('error', () => {});
  // Over all: the client's own greeting has several commands.
  const timer = setTimeout(() => redis.disconnect(), TIMEOUT_MS);
  try {
    await redis.connect();
    return await ask(redis);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    redis.disconnect();
  }
}

/** A section of INFO; null when it gives no answer. @param {number} port @param {string} section */
export function infoOf(port, section) {
  return askRedis(port, (redis) => redis.info(section));
}

/** The port of whom the first sentinel that answers takes for the primary. @param {Member[]} sentinels @param {string} name */
export async function primaryPort(sentinels, name) {
  for (const { port } of sentinels) {
    const address = await askRedis(port, (redis) => redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name));
    if (Array.isArray(address)) return Number(address[1]);
  }
  return null;
}
