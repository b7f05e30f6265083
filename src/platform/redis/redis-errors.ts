import { isNativeError } from 'node:util/types';
import type { ProblemReason } from '../dependencies/problem-reason.js';

/** Replies of a server that is there but can't serve now, by the word that they begin with. */
const REASON_OF_REPLY: Readonly<Partial<Record<string, ProblemReason>>> = {
  READONLY: 'READ_ONLY',
  MASTERDOWN: 'READ_ONLY',
  UNBLOCKED: 'READ_ONLY',
  LOADING: 'LOADING',
  OOM: 'OUT_OF_MEMORY',
  NOREPLICAS: 'TOO_FEW_REPLICAS',
  MISCONF: 'DISK_ERROR',
  NOAUTH: 'NO_PERMISSION',
  WRONGPASS: 'NO_PERMISSION',
  NOPERM: 'NO_PERMISSION',
  /** Protected mode: no password is set, and we come from another host. */
  DENIED: 'NO_PERMISSION',
  BUSY: 'TIMEOUT',
  CLUSTERDOWN: 'UNREACHABLE',
  /** In a cluster: the key is being moved to another server, and what was asked was not carried out. */
  TRYAGAIN: 'UNREACHABLE',
  MOVED: 'UNREACHABLE',
  ASK: 'UNREACHABLE',
  /** Of a sentinel, which does not know the master, or lost too many of the others. */
  NOQUORUM: 'UNREACHABLE',
};
/** What a script fails with in place of NOPERM: in Redis 7.0, and since 7.2 (`scriptVerifyACL` in script.c). */
const SCRIPT_WITHOUT_RIGHTS = /^ERR (The user executing the script can't|ACL failure in script)/;
const TOO_MANY_CLIENTS = /^ERR max number of clients/;

/** What ioredis says when there is no connection, or, of a cluster, no server that has the key. */
const UNAVAILABLE_CLIENT =
  /Connection is closed|Stream isn't writeable|max retries per request|^Cluster isn't ready|^Cluster is (ended|disconnect)|^None of startup nodes|^Failed to refresh slots cache|^All sentinels are unreachable/i;
/** What ioredis ends with after it followed a key from server to server: behind it stands what the last one replied. */
const TOO_MANY_REDIRECTIONS = /^Too many Cluster redirections\. Last error: (?:ReplyError: )?/;
/** What ioredis says when no sentinel names the primary: behind it stands what the last one replied. */
const NO_SENTINEL = /^All sentinels are unreachable\b.* Last error: /;
/** What ioredis tells every waiting command when it can't read an answer; it connects anew (returnFatalError). */
const BROKEN_ANSWER = /\. Please report this\.$/;
/** How ioredis ends a connection on which a server that was asked says nothing. */
const SILENCE = /^Socket timeout\./;

/** Codes of a TLS handshake or a certificate that was refused: Node's own, and OpenSSL's X509 ones. */
const TLS_CODE =
  /^(ERR_SSL|ERR_TLS|EPROTO$|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH_)/;

interface Options extends ErrorOptions {
  /** Where the cause does not say it. */
  readonly reason?: ProblemReason;
}

/** No connection to Redis, no answer in time, or a server that can't serve now. What was sent may be carried out. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError';
  readonly reason: ProblemReason;

  constructor(message: string, { reason, cause }: Options = {}) {
    super(message, cause === undefined ? {} : { cause });
    this.reason = reason ?? redisProblem(cause);
  }
}

/** True when Redis could not be asked; false for an error in what we asked. */
export function isRedisUnavailable(error: unknown): boolean {
  if (!isNativeError(error)) return false;
  if (error instanceof RedisUnavailableError) return true;
  if (isReplyError(error)) return reasonOfReply(error.message) !== undefined;
  const { name, message } = error;
  if (TOO_MANY_REDIRECTIONS.test(message)) return true;
  return UNAVAILABLE_CLIENT.test(message) || BROKEN_ANSWER.test(message) || 'syscall' in error || name === 'AbortError';
}

/** True when Redis itself said that it can't serve now, or lately: it is there, and was in time. */
export function isAnswerOfRedis(error: unknown): boolean {
  if (!(error instanceof RedisUnavailableError)) return isReplyError(error);
  return isReplyError(error.cause) || (error.reason !== 'UNREACHABLE' && error.reason !== 'TIMEOUT');
}

/** What is wrong with Redis when it, or the way to it, gives this error. */
export function redisProblem(error: unknown): ProblemReason {
  if (!isNativeError(error)) return 'UNREACHABLE';
  if (error instanceof RedisUnavailableError) return error.reason;
  if (isReplyError(error)) return reasonOfReply(error.message) ?? 'UNREACHABLE';
  // Of a whole cluster that cannot be asked ioredis says no more than that, and what the last server said behind it.
  if ('lastNodeError' in error && error.lastNodeError !== undefined) return redisProblem(error.lastNodeError);
  if (NO_SENTINEL.test(error.message)) return reasonOfReply(error.message.replace(NO_SENTINEL, '')) ?? 'UNREACHABLE';
  return codeOf(error) === 'ETIMEDOUT' || SILENCE.test(error.message) ? 'TIMEOUT' : 'UNREACHABLE';
}

/** True when the server at the other end is no master, or not yet: another one may be found at the same address. */
export function isOfWrongServer(error: unknown): boolean {
  const reason = redisProblem(error);
  return reason === 'READ_ONLY' || reason === 'LOADING';
}

/** True when the key is, or is just becoming, another server's: this one may be well all the same. */
export function isRedirection(error: unknown): boolean {
  return isReplyError(error) && /^(MOVED|ASK|TRYAGAIN) /.test((error as Error).message);
}

/** True when the server does not let us in: to ask again soon would only fill its log. */
export function isRefusal(error: unknown): boolean {
  return redisProblem(error) === 'NO_PERMISSION' || (isNativeError(error) && TLS_CODE.test(codeOf(error)));
}

function reasonOfReply(message: string): ProblemReason | undefined {
  if (SCRIPT_WITHOUT_RIGHTS.test(message)) return 'NO_PERMISSION';
  if (TOO_MANY_CLIENTS.test(message)) return 'UNREACHABLE';
  return REASON_OF_REPLY[/^[A-Z]+\b/.exec(message)?.[0] ?? ''];
}

function isReplyError(error: unknown): boolean {
  return isNativeError(error) && error.name === 'ReplyError';
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
