/** What our own pool says in place of the driver. */
export abstract class PoolError extends Error {
  abstract readonly code: string;
}

/** The pool was closed, with the application. */
export class PoolClosedError extends PoolError {
  override readonly name = 'PoolClosedError';
  readonly code = 'DATABASE_POOL_CLOSED';

  constructor() {
    super('the pool is closed');
  }
}

/** No connection became free within the time that its class waits; nothing was asked of the database. */
export class AcquireTimeoutError extends PoolError {
  override readonly name = 'AcquireTimeoutError';
  readonly code = 'DATABASE_ACQUIRE_TIMEOUT';

  constructor(ms: number) {
    super(`no connection became free within ${ms} ms`);
  }
}

/** Others of this process were ahead in line for the same row for too long; nothing was asked of the database. */
export class RowBusyError extends PoolError {
  override readonly name = 'RowBusyError';
  readonly code = 'DATABASE_ROW_BUSY';

  constructor(ms: number, options?: ErrorOptions) {
    super(`others were at the same row for ${ms} ms`, options);
  }
}

/** A node of a Galera cluster did not have what others had committed within the time that a read waits for it. */
export class NotSyncedError extends PoolError {
  override readonly name = 'NotSyncedError';
  readonly code = 'DATABASE_NOT_SYNCED';

  constructor(options?: ErrorOptions) {
    super('the node has not caught up with its cluster, and reads of it are not waited for', options);
  }
}

/** `database.galera` is on, and the server is no node of a Galera cluster. */
export class NotGaleraError extends PoolError {
  override readonly name = 'NotGaleraError';
  readonly code = 'DATABASE_NOT_GALERA';

  constructor() {
    super('the server is no node of a Galera cluster');
  }
}

/** No answer within the time limit. Whether the statement was carried out, or still will be, is not known. */
export class StatementTimeoutError extends PoolError {
  override readonly name = 'StatementTimeoutError';
  readonly code = 'DATABASE_STATEMENT_TIMEOUT';

  constructor(ms: number) {
    super(`a statement was not answered within ${ms} ms; its connection is closed`);
  }
}
