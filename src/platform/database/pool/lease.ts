import type { PoolConnection, QueryValues } from 'mysql2';
import { afterTimeLimit } from '../../time-limit.js';
import { fromDriver, isLockConflict, isReadOnly } from '../database-errors.js';
import { isCausal } from '../galera/causal-session.js';
import type { NodeSync } from '../galera/node-sync.js';
import { breakOff } from './break-off.js';
import { NotSyncedError, type PoolError, StatementTimeoutError } from './pool-errors.js';

/** How much longer than others a statement may take that reads or writes very many rows. */
const LONG_FACTOR = 10;

const BEGIN = 'START TRANSACTION';
const ENDS = new Set(['COMMIT', 'ROLLBACK']);

/**
 * One borrowing of a connection: what TypeORM runs its statements on until it gives the connection back. Speaks the
 * part of mysql2's PoolConnection that TypeORM uses.
 */
export class Lease {
  private isReturned = false;
  private isUnfit = false;
  private isInTransaction = false;

  /** @param sync of the server, whose reads may wait for it to catch up */
  constructor(
    private readonly connection: PoolConnection,
    private statementTimeoutMs: number,
    private readonly sync: NodeSync,
    /** Called once, when the connection is back in the pool or closed. */
    private readonly returned: () => void,
  ) {}

  /** TypeORM asks for `connection.promise().query()`. */
  promise(): this {
    return this;
  }

  /**
   * Runs a statement. When it isn't answered in time the connection is closed, with everything that waits on it: an
   * answer that comes late can't be taken for that of the next statement, and the server rolls back. Unless the
   * statement was the COMMIT, or stood alone: then it may have happened, or happen yet, and the caller can only look.
   *
   * @throws StatementTimeoutError after `database.statementTimeoutMs`, NotSyncedError when a node of a Galera cluster
   *   lets a read or the beginning of a transaction wait for too long, and what the server says
   */
  async query(sql: string, values?: QueryValues): Promise<[unknown]> {
    const waitsForNode = this.waitsForNode(sql);
    if (waitsForNode && this.sync.isBehind) throw new NotSyncedError();
    return await new Promise((resolve, reject) => {
      const giveUp = (late: PoolError): void => {
        cancelSync();
        cancel();
        breakOff(this.connection, late);
        reject(late);
      };
      const cancel = afterTimeLimit(this.statementTimeoutMs, () =>
        giveUp(new StatementTimeoutError(this.statementTimeoutMs)),
      );
      const cancelSync = waitsForNode ? this.sync.watch(() => giveUp(new NotSyncedError())) : () => {};
      this.connection.query(sql, values, (error, result) => {
        cancelSync();
        cancel();
        if (error === null) {
          this.follow(sql);
          resolve([result]);
          return;
        }
        fromDriver(error);
        if (waitsForNode && isLockConflict(error)) {
          // Nothing is locked: this is how the server says that it has waited in vain for its own node.
          reject(new NotSyncedError({ cause: error }));
          return;
        }
        // A transaction that could not be rolled back, and a server that was demoted, are not for the next borrower.
        if (sql === 'ROLLBACK' || isReadOnly(error)) this.isUnfit = true;
        reject(error);
      });
    });
  }

  /** For statements that work through a whole table: they get ten times `database.statementTimeoutMs`. */
  allowLongStatements(): void {
    this.statementTimeoutMs *= LONG_FACTOR;
  }

  /** Gives the connection back; a second time does nothing. */
  release(): void {
    if (this.isReturned) return;
    this.isReturned = true;
    if (this.isUnfit) this.connection.destroy();
    else this.connection.release();
    this.returned();
  }

  /** On a node of a Galera cluster: reads outside of a transaction, and the beginning of one. */
  private waitsForNode(sql: string): boolean {
    if (this.isInTransaction || !isCausal(this.connection)) return false;
    return sql === BEGIN || /^\s*SELECT\b/i.test(sql);
  }

  private follow(sql: string): void {
    if (sql === BEGIN) this.isInTransaction = true;
    else if (ENDS.has(sql)) this.isInTransaction = false;
  }

  /** TypeORM adds a listener for errors where there is none. */
  listeners(event: string): unknown[] {
    return this.connection.listeners(event);
  }

  on(event: string, listener: (...args: unknown[]) => void): void {
    this.connection.on(event, listener);
  }
}
