import type { FastifyHttpOptions } from 'fastify';
import type { Server } from 'node:http';
import type { Config } from '../config/config.schema.js';

/** How Node's server and Fastify treat connections and what comes over them. */
export function serverOptions({ http }: Pick<Config, 'http'>) {
  const { headersTimeoutMs, requestTimeoutMs, timeoutCheckIntervalMs, keepAliveTimeoutMs, bodyLimitBytes, trustProxy } =
    http;
  return {
    bodyLimit: bodyLimitBytes,
    // Without any, what a request says of who sends it is nobody's word.
    trustProxy: trustProxy.length > 0 && [...trustProxy],
    // For a request to arrive, not for its answer; without it a client may hold a connection for as long as it likes.
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // What GracefulShutdown could not end in time is cut. Fastify's option costs nothing per request, Nest's does.
    forceCloseConnections: true,
    http: {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: timeoutCheckIntervalMs,
      // Node would answer without a word of why; refuseWrongHost does it instead.
      requireHostHeader: false,
      // Of two headers Node would take the first, and a proxy before it perhaps the second.
      joinDuplicateHeaders: true,
    },
  } satisfies FastifyHttpOptions<Server>;
}
