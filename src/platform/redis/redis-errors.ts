import { isNativeError } from 'node:util/types';

/** Replies of a server that is there but can't serve now: loading, a replica, full, busy, without a majority. */
const UNAVAILABLE_REPLY =
  /^(LOADING|READONLY|OOM|MISCONF|CLUSTERDOWN|MASTERDOWN|BUSY|TRYAGAIN|NOREPLICAS|UNBLOCKED|NOAUTH|NOPERM|WRONGPASS)\b/;
/** What ioredis says when there is no connection. */
const UNAVAILABLE_CLIENT = /Connection is closed|Stream isn't writeable|max retries per request/i;
/** What ioredis tells every waiting command when it can't read an answer; it connects anew (returnFatalError). */
const BROKEN_ANSWER = /\. Please report this\.$/;

/** No connection to Redis, no answer in time, or a server that can't serve now. What was sent may be carried out. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError';
}

/** True when Redis could not be asked; false for an error in what we asked. */
export function isRedisUnavailable(error: unknown): boolean {
  if (!isNativeError(error)) return false;
  if (error instanceof RedisUnavailableError) return true;
  if (isReplyError(error)) return UNAVAILABLE_REPLY.test(error.message);
  const { name, message } = error;
  return UNAVAILABLE_CLIENT.test(message) || BROKEN_ANSWER.test(message) || 'syscall' in error || name === 'AbortError';
}

/** True when Redis itself said that it can't serve now: it is there, and was in time. */
export function isAnswerOfRedis(error: unknown): boolean {
  return isReplyError(error instanceof RedisUnavailableError ? error.cause : error);
}

function isReplyError(error: unknown): boolean {
  return isNativeError(error) && error.name === 'ReplyError';
}
