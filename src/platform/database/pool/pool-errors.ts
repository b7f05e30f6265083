/** No connection became free within `database.acquireTimeoutMs`; nothing was asked of the database. */
export class AcquireTimeoutError extends Error {
  override readonly name = 'AcquireTimeoutError';
  readonly code = 'DATABASE_ACQUIRE_TIMEOUT';

  constructor(ms: number) {
    super(`no connection became free within ${ms} ms`);
  }
}

/** No answer within the time limit. Whether the statement was carried out, or still will be, is not known. */
export class StatementTimeoutError extends Error {
  override readonly name = 'StatementTimeoutError';
  readonly code = 'DATABASE_STATEMENT_TIMEOUT';

  constructor(ms: number) {
    super(`a statement was not answered within ${ms} ms; its connection is closed`);
  }
}
