import { fromDriver } from '../../../src/platform/database/database-errors.js';

/** An error of the simulated server, as the driver reports those of a real one. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly sqlMessage: string;

  constructor(
    readonly errno: number,
    readonly code: string,
    readonly sqlState: string,
    message: string,
  ) {
    super(message);
    this.sqlMessage = message;
    fromDriver(this);
  }

  /** Another row has this key of this unique index. */
  static duplicateKey(entry: string, index: string): LedgerError {
    return new LedgerError(1062, 'ER_DUP_ENTRY', '23000', `Duplicate entry '${entry}' for key '${index}'`);
  }

  /** The whole transaction was rolled back, since others waited for it while it waited for them. */
  static deadlock(): LedgerError {
    const message = 'Deadlock found when trying to get lock; try restarting transaction';
    return new LedgerError(1213, 'ER_LOCK_DEADLOCK', '40001', message);
  }

  /** The statement was rolled back, since a lock that it needs was not free in time. */
  static lockWaitTimeout(): LedgerError {
    const message = 'Lock wait timeout exceeded; try restarting transaction';
    return new LedgerError(1205, 'ER_LOCK_WAIT_TIMEOUT', 'HY000', message);
  }

  /** A value that the column cannot hold. */
  static wrongValue(column: string): LedgerError {
    const message = `Incorrect string value for column '${column}' at row 1`;
    return new LedgerError(1366, 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD', 'HY000', message);
  }
}
