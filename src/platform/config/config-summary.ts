import { addressText, parseRedisAddress } from '../redis/redis-address.js';
import { type Config, SECRET_SETTINGS } from './config.schema.js';

/** Every setting on one line for the log, `http.port=8080 http.host=0.0.0.0 ...`; of secret ones what is no secret. */
export function configSummary(config: Config): string {
  return entries(config, '')
    .map(([name, value]) => `${name}=${SECRET_SETTINGS.has(name) ? withoutSecret(name, value) : value}`)
    .join(' ');
}

function entries(settings: object, prefix: string): Array<[name: string, value: string]> {
  return Object.entries(settings).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? entries(value, `${prefix}${name}.`)
      : [[prefix + name, String(value)]],
  );
}

/** Of an address where it is, without account and options; of anything else nothing. */
function withoutSecret(name: string, value: string): string {
  if (!name.endsWith('.url')) return '(set)';
  if (name === 'redis.url') return addressText(parseRedisAddress(value));
  const { protocol, host, pathname } = new URL(value);
  return `${protocol}//${host}${pathname}`;
}
