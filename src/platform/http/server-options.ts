import type { FastifyHttpOptions } from 'fastify';
import type { Server } from 'node:http';
import type { Config } from '../config/config.schema.js';
import { LONGEST_ARRIVAL_MS } from './slow-bodies.js';

/** How Node's server and Fastify treat connections and what comes over them. */
export function serverOptions({ http }: Pick<Config, 'http'>) {
  const { headersTimeoutMs, timeoutCheckIntervalMs, keepAliveTimeoutMs, bodyLimitBytes, trustProxy } = http;
  const requestTimeout = Math.max(http.requestTimeoutMs, LONGEST_ARRIVAL_MS);
  return {
    bodyLimit: bodyLimitBytes,
    // Without any, what a request says of who sends it is nobody's word.
    trustProxy: trustProxy.length > 0 && [...trustProxy],
    // For a request to arrive, not for its answer; limitSlowBodies has a shorter one for all but imports.
    requestTimeout,
    keepAliveTimeout: keepAliveTimeoutMs,
    // What GracefulShutdown could not end in time is cut. Fastify's option costs nothing per request, Nest's does.
    forceCloseConnections: true,
    http: {
      headersTimeout: headersTimeoutMs,
      requestTimeout,
      connectionsCheckingInterval: timeoutCheckIntervalMs,
      // Node would answer without a word of why; refuseWrongHost does it instead.
      requireHostHeader: false,
      // Of two headers Node would take the first, and a proxy before it perhaps the second.
      joinDuplicateHeaders: true,
    },
  } satisfies FastifyHttpOptions<Server>;
}
