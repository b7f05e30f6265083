import { isIP } from 'node:net';
import type { Config } from './config.schema.js';
import { hostOf } from './database-tls.js';

/** In production: one line for each server on another machine to which we talk without TLS. */
export function plainTextWarnings({ profile, redis, database }: Config): string[] {
  if (profile !== 'production') return [];
  const connections = [
    {
      name: 'Redis',
      url: redis.url,
      isPlain: !redis.url.startsWith('rediss:'),
      remedy: 'rediss:// in redis.url (REDIS_URL)',
    },
    {
      name: 'MySQL',
      url: database.url,
      isPlain: database.tls.mode === 'off',
      remedy: 'database.tls.mode (DATABASE_TLS_MODE)',
    },
  ];
  return connections
    .filter(({ url, isPlain }) => isPlain && !isLoopback(hostOf(new URL(url))))
    .map(
      ({ name, url, remedy }) =>
        `the connection to ${name} on ${new URL(url).host} is not encrypted; ${remedy} turns on TLS`,
    );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
