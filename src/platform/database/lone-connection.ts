import mysql2, { type Connection, type ConnectionOptions } from 'mysql2';
import { withinTimeLimit } from '../time-limit.js';
import { connectionOptions, type ConnectionSettings } from './connection-options.js';
import { fromDriver } from './database-errors.js';
import { breakOff } from './pool/break-off.js';
import { StatementTimeoutError } from './pool/pool-errors.js';
import { prepareSession } from './session-settings.js';

/** A server that answers nothing for so long may be on a host that is gone: then connect anew. */
const SILENCE_MS = 5_000;

/**
 * One connection of its own beside the pool, for what must not stand in line with requests. It opens when it is first
 * used, and after a failure another one takes its place, so that a new address behind the host's name is found.
 */
export class LoneConnection {
  private readonly options: ConnectionOptions;
  private readonly galera: ConnectionSettings['galera'];
  private connection: Connection | undefined;
  private isClosed = false;

  constructor(config: ConnectionSettings) {
    this.options = connectionOptions(config);
    this.galera = config.galera;
  }

  /**
   * Runs the statements one after the other; one caller at a time. When one of them fails the connection is closed, and
   * the server rolls back what it had begun.
   *
   * @throws Error as the driver or the server gives it; StatementTimeoutError after five seconds of silence
   */
  async run(statements: readonly string[]): Promise<void> {
    if (this.isClosed) throw new Error('the connection was closed with the application');
    const connection = (this.connection ??= this.open());
    try {
      const late = () => new StatementTimeoutError(SILENCE_MS);
      for (const sql of statements) await withinTimeLimit(answerTo(connection, sql), SILENCE_MS, late);
    } catch (error) {
      this.connection = undefined;
      breakOff(connection, error as Error);
      throw error;
    }
  }

  /** Closes it at once: what waits for an answer fails. */
  close(): void {
    this.isClosed = true;
    if (this.connection !== undefined) breakOff(this.connection, new Error('the application ends'));
    this.connection = undefined;
  }

  private open(): Connection {
    const connection = mysql2.createConnection(this.options);
    prepareSession(connection, this.galera);
    // Lost between two calls. What is lost during a call, that call is told.
    connection.on('error', () => {
      if (this.connection === connection) this.connection = undefined;
    });
    return connection;
  }
}

function answerTo(connection: Connection, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.query(sql, (error) => (error === null ? resolve() : reject(fromDriver(error))));
  });
}
