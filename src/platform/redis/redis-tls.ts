import { readFileSync } from 'node:fs';
import type { RedisOptions } from 'ioredis';
import type { Config } from '../config/config.schema.js';

/**
 * Who may sign the certificate of a server at `rediss://`, where it is anyone but those whom Node knows. ioredis always
 * verifies it, and the host's name or address in it.
 *
 * @throws Error when the file of `redis.tls.ca` can no longer be read
 */
export function redisTls({ ca }: Config['redis']['tls']): Pick<RedisOptions, 'tls'> {
  return ca === undefined ? {} : { tls: { ca: readFileSync(ca, 'utf8') } };
}
