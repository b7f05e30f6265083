import type { Connection } from 'mysql2';
import type { Socket } from 'node:net';

/**
 * Ends a connection as if the network had failed with this error: the driver then fails the statements that wait and
 * drops the connection. Its own `destroy()` leaves them waiting, for a server to hang up that may stand still.
 */
export function breakOff(connection: Connection, error: Error): void {
  const { stream } = connection as unknown as { readonly stream: Socket };
  stream.destroy(error);
}
