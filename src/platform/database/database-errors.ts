/**
 * What an error of the database driver means. The one place that knows error numbers; sources: the MySQL 8.0 and
 * MariaDB server error references, and the codes that mysql2 and Node's net module add for a lost connection.
 */
import { isNativeError } from 'node:util/types';
import { TypeORMError } from 'typeorm';
import type { ProblemReason } from '../dependencies/problem-reason.js';
import { messageOf } from '../errors/error-text.js';
import { PoolError } from './pool/pool-errors.js';

interface DriverError {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
  readonly sqlMessage?: string;
  readonly fatal?: boolean;
}

const DUPLICATE_KEY = 1062;
const DEADLOCK = 1213;
const LOCK_WAIT_TIMEOUT = 1205;
/** MySQL's answer to NOWAIT; MariaDB's is LOCK_WAIT_TIMEOUT. */
const LOCK_NOT_AVAILABLE = 3572;
/** A value the column can't hold (a character outside its character set): SQLSTATE HY000 on MySQL, 22007 on MariaDB. */
const TRUNCATED_WRONG_VALUE = 1366;

/** MySQL does not know those of Galera, nor does a MariaDB that was built without it. */
const UNKNOWN_VARIABLE = 1193;

/** The server was demoted or is being maintained. */
const READ_ONLY_ERRNOS = new Set([1290, 1792, 1836]);

/** The disk is full or does not take what is written; those below 1000 come from the file layer (mysys_err.h). */
const DISK_ERRNOS = new Set([3, 20, 1021, 1026, 1114]);

const MEMORY_ERRNOS = new Set([5, 1037, 1038, 1041]);

/** The account, its password, its host or its rights: for the schema, a table, a column, or a statement. */
const PERMISSION_ERRNOS = new Set([1044, 1045, 1130, 1142, 1143, 1227, 1698, 3118, 4151]);

/** A Galera node that is not in its cluster ("WSREP has not yet prepared node for application use"). */
const NOT_A_PRIMARY = 1047;

/** Besides: no such schema, no such table. */
const NOT_SYNCED_ERRNOS = new Set([NOT_A_PRIMARY, 1049, 1146]);

/** Our own (pool-errors.ts): a node that lags behind its cluster, or that is in none. */
const NOT_SYNCED_CODES = new Set(['DATABASE_NOT_SYNCED', 'DATABASE_NOT_GALERA']);

/** The server itself gave up waiting, for a lock or for the end of the statement. */
const TIMEOUT_ERRNOS = new Set([LOCK_WAIT_TIMEOUT, 1969, 3024]);

/** Too many connections, out of threads, host blocked, shutting down, statement or connection killed or closed. */
const BUSY_OR_ENDING_ERRNOS = [
  1040, 1053, 1077, 1079, 1129, 1135, 1152, 1158, 1159, 1160, 1161, 1180, 1184, 1203, 1226, 1317, 1927, 3032, 3168,
  3169, 4031,
];

/** The server is there but can't serve now. */
const UNAVAILABLE_ERRNOS = new Set([
  ...READ_ONLY_ERRNOS,
  ...DISK_ERRNOS,
  ...MEMORY_ERRNOS,
  ...PERMISSION_ERRNOS,
  ...TIMEOUT_ERRNOS,
  ...BUSY_OR_ENDING_ERRNOS,
  NOT_A_PRIMARY,
]);

/** Of these, what concerns one statement: locked for too long, killed, over its time limit, or not within our rights. */
const ONE_STATEMENT_ERRNOS = new Set([...TIMEOUT_ERRNOS, 1317, 1142, 1143, 1227]);

/** Of the driver, of Node, and our own (pool-errors.ts): no answer in time. */
const TIMEOUT_CODES = new Set([
  'ETIMEDOUT',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'DATABASE_ACQUIRE_TIMEOUT',
  'DATABASE_ROW_BUSY',
  'DATABASE_STATEMENT_TIMEOUT',
]);

const ACCESS_DENIED = 1045;
const SECURE_TRANSPORT_REQUIRED = 3159;

const UNAVAILABLE_CODES = new Set([
  ...TIMEOUT_CODES,
  ...NOT_SYNCED_CODES,
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'DATABASE_POOL_CLOSED',
]);

/** As {@link ONE_STATEMENT_ERRNOS}. */
const ONE_STATEMENT_CODES = new Set(['DATABASE_ROW_BUSY', 'DATABASE_STATEMENT_TIMEOUT']);

/**
 * The errors that the driver gave. They look like those of any other connection: a client that hangs up in the middle of
 * its request is an ECONNRESET, too, and once was a database that is away.
 */
const ofDriver = new WeakSet<object>();

/** Marks an error as one of the driver, for whoever calls the driver; returns it. */
export function fromDriver<E>(error: E): E {
  if (isNativeError(error)) ofDriver.add(error);
  return error;
}

/** The driver's own error: TypeORM wraps it in QueryFailedError; Node wraps several attempts in AggregateError. */
function driverError(error: unknown): (Error & DriverError) | undefined {
  // Not instanceof: Node's own errors come from another realm where the tests run.
  if (!isNativeError(error)) return undefined;
  if (ofDriver.has(error) || error instanceof PoolError) return error;
  if (!(error instanceof TypeORMError)) return undefined;
  const wrapped: unknown = (error as { driverError?: unknown }).driverError;
  return isNativeError(wrapped) ? wrapped : error;
}

/** True when the database can't be reached or can't serve for now: the same call may succeed later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const cause = driverError(error);
  if (cause === undefined) return false;
  if (UNAVAILABLE_ERRNOS.has(cause.errno ?? 0)) return true;
  if (cause.code !== undefined && UNAVAILABLE_CODES.has(cause.code)) return true;
  return cause.fatal === true || /closed state|Pool is closed|is not established|Connection lost/.test(cause.message);
}

/** True when no other statement would fare better: unavailable, and not for one statement or its rows only. */
export function isDatabaseAway(error: unknown): boolean {
  const cause = driverError(error);
  if (ONE_STATEMENT_ERRNOS.has(cause?.errno ?? 0) || ONE_STATEMENT_CODES.has(cause?.code ?? '')) return false;
  return isDatabaseUnavailable(error);
}

/** True when the server takes no changes: a connection to it is of no use until it does again. */
export function isReadOnly(error: unknown): boolean {
  return READ_ONLY_ERRNOS.has(driverError(error)?.errno ?? 0);
}

/**
 * What is wrong with the server that gives this error to a statement that ought to succeed. A schema or table that is
 * not there was not migrated, or not copied to this server yet.
 */
export function databaseProblem(error: unknown): ProblemReason {
  const { errno = 0, code = '' } = driverError(error) ?? {};
  if (READ_ONLY_ERRNOS.has(errno)) return 'READ_ONLY';
  if (DISK_ERRNOS.has(errno)) return 'DISK_ERROR';
  if (MEMORY_ERRNOS.has(errno)) return 'OUT_OF_MEMORY';
  if (PERMISSION_ERRNOS.has(errno)) return 'NO_PERMISSION';
  if (NOT_SYNCED_ERRNOS.has(errno) || NOT_SYNCED_CODES.has(code)) return 'NOT_SYNCED';
  return TIMEOUT_ERRNOS.has(errno) || TIMEOUT_CODES.has(code) ? 'TIMEOUT' : 'UNREACHABLE';
}

/** True for a variable that servers of this kind do not have. */
export function isUnknownVariable(error: unknown): boolean {
  return driverError(error)?.errno === UNKNOWN_VARIABLE;
}

/** True when a row was locked by another transaction for too long. */
function isLockWaitTimeout(error: unknown): boolean {
  return driverError(error)?.errno === LOCK_WAIT_TIMEOUT;
}

/** True when a statement with NOWAIT found the row locked. */
export function isLockNotAvailable(error: unknown): boolean {
  return driverError(error)?.errno === LOCK_NOT_AVAILABLE || isLockWaitTimeout(error);
}

/** True when another transaction was in the way, which has gone on meanwhile. */
export function isDeadlock(error: unknown): boolean {
  return driverError(error)?.errno === DEADLOCK;
}

/** True when the transaction lost against another one and should be started again. COMMIT may say so too (Galera). */
export function isLockConflict(error: unknown): boolean {
  return isDeadlock(error) || isLockWaitTimeout(error);
}

/** True when a unique key already holds the value; `key` narrows it to the index of that name. */
export function isDuplicateKey(error: unknown, key?: string): boolean {
  const cause = driverError(error);
  return cause?.errno === DUPLICATE_KEY && (key === undefined || (cause.sqlMessage ?? cause.message).includes(key));
}

/**
 * True when the database refuses these very values and always will: SQLSTATE class 22 (data), 23 (constraint), 45
 * (raised by a trigger), or error 1366. Everything else is taken for transient.
 */
export function isRefusedForGood(error: unknown): boolean {
  const cause = driverError(error);
  if (cause === undefined) return false;
  return cause.errno === TRUNCATED_WRONG_VALUE || /^(22|23|45)/.test(cause.sqlState ?? '');
}

/** Why a server will never let us in with these settings. */
export type Refusal = 'ACCESS_DENIED' | 'TLS_DEMANDED' | 'TLS_NOT_OFFERED' | 'CERTIFICATE_NOT_ACCEPTED' | 'NOT_GALERA';

/** Undefined for an error that may pass. MariaDB says ACCESS_DENIED also when it demands TLS. */
export function refusalOf(error: unknown): Refusal | undefined {
  const cause = driverError(error);
  if (cause?.errno === ACCESS_DENIED) return 'ACCESS_DENIED';
  if (cause?.errno === SECURE_TRANSPORT_REQUIRED) return 'TLS_DEMANDED';
  if (cause?.code === 'HANDSHAKE_NO_SSL_SUPPORT') return 'TLS_NOT_OFFERED';
  if (cause?.code === 'DATABASE_NOT_GALERA') return 'NOT_GALERA';
  // mysql2 puts this code in the place of Node's, so that a connection that broke is told apart by the text only.
  const isCertificate = cause?.code === 'HANDSHAKE_SSL_ERROR' && cause.message.includes('certificate');
  return isCertificate ? 'CERTIFICATE_NOT_ACCEPTED' : undefined;
}

/** The driver's message, for a log line or a failure's detail; without the statement and its values. */
export function databaseErrorMessage(error: unknown): string {
  const cause = driverError(error);
  return cause?.sqlMessage ?? messageOf(cause ?? error);
}
