import type { PoolConnection } from 'mysql2';
import type { Socket } from 'node:net';

/**
 * Ends a connection as if the network had failed with this error: the driver then fails every statement that waits and
 * takes the connection out of its pool. Its own `destroy()` would leave them waiting, and wait itself for a server that
 * may stand still to hang up.
 */
export function breakOff(connection: PoolConnection, error: Error): void {
  const { stream } = connection as unknown as { readonly stream: Socket };
  stream.destroy(error);
}
