import type { Redis, RedisOptions } from 'ioredis';
import type { TLSSocket } from 'node:tls';

/**
 * Another connection to the very address at the other end of `client`, which is open: sentinels may name another one by
 * now. It does not connect before it is told, and not anew when it is lost. @throws Error when `client` is closed
 */
export function openBeside(client: Redis): Redis {
  const beside = client.duplicate({ ...placeOf(client), lazyConnect: true, retryStrategy: () => null });
  // What goes wrong fails the commands, too; without a listener ioredis would print it.
  beside.on('error', () => undefined);
  return beside;
}

function placeOf({ stream, options }: Redis): Partial<RedisOptions> {
  const { remoteAddress, remotePort, servername } = stream as Partial<TLSSocket> & { servername?: string };
  if (remoteAddress === undefined || remotePort === undefined) throw new Error('the connection is closed');
  // Null, since ioredis asks sentinels wherever there are any; its types know of undefined only.
  const place = { sentinels: null, host: remoteAddress, port: remotePort } as unknown as Partial<RedisOptions>;
  return options.tls && servername ? { ...place, tls: { ...options.tls, servername } } : place;
}
