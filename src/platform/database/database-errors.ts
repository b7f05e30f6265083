/**
 * What an error of the database driver means. The one place that knows error numbers; sources: the MySQL 8.0 and
 * MariaDB server error references, and the codes that mysql2 and Node's net module add for a lost connection.
 */
import { isNativeError } from 'node:util/types';

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

/** The server was demoted or is being maintained. */
const READ_ONLY_ERRNOS = new Set([1290, 1792, 1836]);

/**
 * The server is there but can't serve now: too many connections, out of threads or memory, host blocked, shutting down,
 * disk full, statement or connection killed or timed out by the server, not a Galera primary.
 */
const UNAVAILABLE_ERRNOS = new Set([
  1021, 1037, 1038, 1040, 1041, 1047, 1053, 1077, 1079, 1114, 1129, 1135, 1152, 1158, 1159, 1160, 1161, 1180, 1184,
  1203, 1205, 1226, 1317, 1927, 1969, 3024, 3032, 3168, 3169, 4031,
]);

/** Of these, what concerns one statement and its rows: locked for too long, killed, or over its time limit. */
const ONE_STATEMENT_ERRNOS = new Set([LOCK_WAIT_TIMEOUT, 1317, 1969, 3024]);

const UNAVAILABLE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  // Our own, see pool-errors.ts.
  'DATABASE_ACQUIRE_TIMEOUT',
  'DATABASE_ROW_BUSY',
  'DATABASE_STATEMENT_TIMEOUT',
]);

/** As {@link ONE_STATEMENT_ERRNOS}. */
const ONE_STATEMENT_CODES = new Set(['DATABASE_ROW_BUSY', 'DATABASE_STATEMENT_TIMEOUT']);

/** The driver's own error: TypeORM wraps it in QueryFailedError; Node wraps several attempts in AggregateError. */
function driverError(error: unknown): (Error & DriverError) | undefined {
  // Not instanceof: Node's own errors come from another realm where the tests run.
  if (!isNativeError(error)) return undefined;
  const wrapped: unknown = (error as { driverError?: unknown }).driverError;
  return isNativeError(wrapped) ? wrapped : error;
}

/** True when the database can't be reached or can't serve for now: the same call may succeed later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const cause = driverError(error);
  if (cause === undefined) return false;
  if (UNAVAILABLE_ERRNOS.has(cause.errno ?? 0) || isReadOnly(error)) return true;
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

/** True when a row was locked by another transaction for too long. */
function isLockWaitTimeout(error: unknown): boolean {
  return driverError(error)?.errno === LOCK_WAIT_TIMEOUT;
}

/** True when a statement with NOWAIT found the row locked. */
export function isLockNotAvailable(error: unknown): boolean {
  return driverError(error)?.errno === LOCK_NOT_AVAILABLE || isLockWaitTimeout(error);
}

/** True when the transaction lost against another one and should be started again. COMMIT may say so too (Galera). */
export function isLockConflict(error: unknown): boolean {
  return driverError(error)?.errno === DEADLOCK || isLockWaitTimeout(error);
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

/** The driver's message, for a log line or a failure's detail; without the statement and its values. */
export function databaseErrorMessage(error: unknown): string {
  const cause = driverError(error);
  return cause?.sqlMessage ?? cause?.message ?? String(error);
}
