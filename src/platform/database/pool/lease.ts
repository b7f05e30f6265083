import type { PoolConnection, QueryValues } from 'mysql2';
import { afterTimeLimit } from '../../time-limit.js';
import { fromDriver, isReadOnly } from '../database-errors.js';
import { breakOff } from './break-off.js';
import { StatementTimeoutError } from './pool-errors.js';

/** How much longer than others a statement may take that reads or writes very many rows. */
const LONG_FACTOR = 10;

/**
 * One borrowing of a connection: what TypeORM runs its statements on until it gives the connection back. Speaks the
 * part of mysql2's PoolConnection that TypeORM uses.
 */
export class Lease {
  private isReturned = false;
  private isUnfit = false;

  constructor(
    private readonly connection: PoolConnection,
    private statementTimeoutMs: number,
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
   * @throws StatementTimeoutError after `database.statementTimeoutMs`, and what the server says
   */
  async query(sql: string, values?: QueryValues): Promise<[unknown]> {
    return await new Promise((resolve, reject) => {
      const cancel = afterTimeLimit(this.statementTimeoutMs, () => {
        const late = new StatementTimeoutError(this.statementTimeoutMs);
        breakOff(this.connection, late);
        reject(late);
      });
      this.connection.query(sql, values, (error, result) => {
        cancel();
        if (error === null) {
          resolve([result]);
          return;
        }
        fromDriver(error);
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

  /** TypeORM adds a listener for errors where there is none. */
  listeners(event: string): unknown[] {
    return this.connection.listeners(event);
  }

  on(event: string, listener: (...args: unknown[]) => void): void {
    this.connection.on(event, listener);
  }
}
