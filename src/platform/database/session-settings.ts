import type { Connection } from 'mysql2';
import type { GaleraMode } from '../config/config.schema.js';
import { readCausally } from './galera/causal-session.js';
import { breakOff } from './pool/break-off.js';

/**
 * Strict, the same on MySQL 8 and MariaDB, and above all without NO_BACKSLASH_ESCAPES: mysql2 puts values into a
 * statement itself and escapes their quotes with backslashes, so under that mode a value could end its own quotes.
 */
const SQL_MODE = [
  'STRICT_TRANS_TABLES',
  'STRICT_ALL_TABLES',
  'NO_ZERO_IN_DATE',
  'NO_ZERO_DATE',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'NO_ENGINE_SUBSTITUTION',
].join(',');

const SESSION_SETTINGS = [
  [
    // A character set in which a backslash may be half a character would undo the escaping as well.
    'SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci',
    `SESSION sql_mode = '${SQL_MODE}'`,
    // A COMMIT commits, and neither begins another transaction nor hangs up; what has no BEGIN needs no COMMIT.
    'SESSION autocommit = 1',
    "SESSION completion_type = 'NO_CHAIN'",
    // DATETIME columns hold UTC, also those that the server fills.
    "SESSION time_zone = '+00:00'",
    'SESSION unique_checks = 1',
    'SESSION foreign_key_checks = 1',
    // No answer is cut short.
    'SESSION sql_select_limit = 18446744073709551615',
  ].join(', '),
  // Every statement sees what was committed before it, and there are no gap locks to deadlock on. Saying it for each
  // transaction would cost each a round trip more.
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
];

/**
 * Sets what our statements rely on, whatever the server or its `init_connect` have set. Call it before the connection's
 * first statement: the driver sends one statement after the other, and none after a setting that was refused, since
 * the connection is then broken off.
 *
 * @param galera whether reads wait until the server, a node of a cluster, has what was committed elsewhere
 * @param limits further settings that this connection begins with
 */
export function prepareSession(connection: Connection, galera: GaleraMode, limits: readonly string[] = []): void {
  for (const statement of [...SESSION_SETTINGS, ...limits]) {
    connection.query(statement, (error: Error | null) => {
      if (error !== null) breakOff(connection, error);
    });
  }
  readCausally(connection, galera);
}

/**
 * Lets the server give up waiting for a lock (error 1205) before we give up waiting for the server: the connection is
 * then kept, the transaction may be tried again, and no abandoned session stays in line for the lock.
 */
export function lockWaitLimit(statementTimeoutMs: number): string {
  const seconds = Math.max(1, Math.floor(statementTimeoutMs / 2_000));
  const limits = ['innodb_lock_wait_timeout', 'lock_wait_timeout'].map(
    // Cast: of an unsigned and a signed number MariaDB makes a decimal, which it then refuses.
    (variable) => `SESSION ${variable} = CAST(LEAST(@@SESSION.${variable}, ${seconds}) AS UNSIGNED)`,
  );
  return `SET ${limits.join(', ')}`;
}

/**
 * Lets the server end a session that is idle inside a transaction, since its process may be frozen or its host gone:
 * otherwise the rows that it has locked stay locked until someone kills it. MariaDB counts inside transactions only.
 * MySQL has no such variable and counts always, so there the pool keeps unused connections alive (`KeepAlive`). Neither
 * counts while a statement runs. Never for migrations: their connections wait idly, and hold a lock by doing so.
 *
 * The comments are read by one of the two each: MariaDB skips MySQL's from version 5.7 on.
 */
export function idleTransactionLimit(idleTransactionTimeoutMs: number): string {
  const seconds = Math.floor(idleTransactionTimeoutMs / 1_000);
  return `SET /*!80000 SESSION wait_timeout = ${seconds} *//*M!100600 SESSION idle_transaction_timeout = ${seconds} */`;
}
