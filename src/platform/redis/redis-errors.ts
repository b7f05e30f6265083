import { isNativeError } from 'node:util/types';

/** Replies of a server that is there but can't serve now: loading, a replica, full, busy, without a majority. */
const UNAVAILABLE_REPLY = /^(LOADING|READONLY|OOM|MISCONF|CLUSTERDOWN|MASTERDOWN|BUSY|TRYAGAIN|NOREPLICAS|UNBLOCKED|NOAUTH|NOPERM|WRONGPASS)\b/;
/** What ioredis says when there is no connection. */
const UNAVAILABLE_CLIENT = /Connection is closed|Stream isn't writeable|max retries per request/i;

/** No connection to Redis, no answer in time, or a server that can't serve now. What was sent may have been carried out. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError';
}

/** True when Redis could not be asked; false for an error in what we asked. */
export function isRedisUnavailable(error: unknown): boolean {
  if (!isNativeError(error)) return false;
  if (error instanceof RedisUnavailableError) return true;
  if (error.name === 'ReplyError') return UNAVAILABLE_REPLY.test(error.message);
  return UNAVAILABLE_CLIENT.test(error.message) || 'syscall' in error || error.name === 'AbortError';
}
