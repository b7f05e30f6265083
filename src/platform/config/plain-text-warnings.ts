import { isIP } from 'node:net';
import type { Config } from './config.schema.js';
import { endpointText, parseRedisAddress } from '../redis/redis-address.js';
import { hostOf } from './database-tls.js';

/** In production: one line for each server on another machine to which we talk without TLS. */
export function plainTextWarnings({ profile, redis, database }: Config): string[] {
  if (profile !== 'production') return [];
  const { mode, endpoints, isEncrypted } = parseRedisAddress(redis.url);
  const mysql = new URL(database.url);
  const connections = [
    ...endpoints.map((endpoint) => ({
      name: 'Redis',
      host: endpoint.host,
      place: endpointText(endpoint),
      isPlain: !isEncrypted,
      remedy: `rediss${mode === 'single' ? '' : `+${mode}`}:// in redis.url (REDIS_URL)`,
    })),
    {
      name: 'MySQL',
      host: hostOf(mysql),
      place: mysql.host,
      isPlain: database.tls.mode === 'off',
      remedy: 'database.tls.mode (DATABASE_TLS_MODE)',
    },
  ];
  return connections
    .filter(({ host, isPlain }) => isPlain && !isLoopback(host))
    .map(({ name, place, remedy }) => `the connection to ${name} on ${place} is not encrypted; ${remedy} turns on TLS`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
