import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Config } from '../config/config.schema.js';

/** Node's own limit, for a whole request: that of imports, which may be long. */
export const LONGEST_ARRIVAL_MS = 600_000;

const ARRIVING = Symbol('arriving');
const SEEN = Symbol('seen');
const MAY_TAKE_LONG = Symbol('may take long');

/** Since when there was no change, and of what: of an import, how much of it had arrived. */
interface Seen {
  readonly at: number;
  readonly bytes: number;
}

type Connection = Socket & { [ARRIVING]?: Request | undefined };
type Request = IncomingMessage & { [SEEN]?: Seen; [MAY_TAKE_LONG]?: boolean };

/** Of a request that may take up to {@link LONGEST_ARRIVAL_MS} to arrive, so long as it does not pause. */
export function mayArriveSlowly(request: IncomingMessage): void {
  (request as Request)[MAY_TAKE_LONG] = true;
}

/**
 * Ends requests whose body has not arrived within `http.requestTimeoutMs`, and imports of which nothing has arrived for as
 * long. Node has one limit for all routes, and a timer for each request would cost each of them; here a request only
 * leaves its mark on its connection, and all connections are looked at every `http.timeoutCheckIntervalMs`.
 */
export function limitSlowBodies(server: Server, { http }: Pick<Config, 'http'>): void {
  const connections = new Set<Connection>();
  server.on('connection', (connection: Connection) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });
  server.on('request', (request) => {
    (request.socket as Connection)[ARRIVING] = request;
  });
  const look = (): void => {
    const now = performance.now();
    for (const connection of connections)
      if (isLate(connection, now, http.requestTimeoutMs)) refuse(server, connection);
  };
  const looking = setInterval(look, http.timeoutCheckIntervalMs).unref();
  server.once('close', () => clearInterval(looking));
}

function isLate(connection: Connection, now: number, timeoutMs: number): boolean {
  const request = connection[ARRIVING];
  if (request === undefined) return false;
  if (request.complete || request.destroyed) {
    connection[ARRIVING] = undefined;
    return false;
  }
  const bytes = request[MAY_TAKE_LONG] === true ? connection.bytesRead : 0;
  const seen = request[SEEN];
  // What waits here to be read is late because of us.
  const isChanged = seen === undefined || seen.bytes !== bytes || (bytes > 0 && request.readableLength > 0);
  if (isChanged) request[SEEN] = { at: now, bytes };
  return !isChanged && now - seen.at >= timeoutMs;
}

/** As Node tells of its own limit. */
function refuse(server: Server, connection: Connection): void {
  connection[ARRIVING] = undefined;
  server.emit(
    'clientError',
    Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }),
    connection,
  );
}
