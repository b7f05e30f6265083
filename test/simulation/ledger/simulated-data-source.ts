import type { EntityManager } from 'typeorm';
import type { ConnectionPool } from '../../../src/platform/database/pool/connection-pool.js';
import type { Lease } from '../../../src/platform/database/pool/lease.js';
import type { StatementOptions } from './ledger-connection.js';
import type { Statement } from './ledger-server.js';
import type { StatementRunner } from './repositories/statement-runner.js';

/**
 * What the application sees in place of TypeORM's data source, over its own connection pool: transactions as TypeORM
 * runs them, and statements that commit by themselves. What is sent as SQL is the name of a statement, with the
 * statement itself in the place of values.
 */
export class SimulatedDataSource implements StatementRunner {
  readonly driver: { readonly pool: ConnectionPool };

  constructor(pool: ConnectionPool) {
    this.driver = { pool };
  }

  createQueryRunner(): SimulatedQueryRunner {
    return new SimulatedQueryRunner(this);
  }

  async run<T>(statement: Statement<T>): Promise<T> {
    const runner = this.createQueryRunner();
    try {
      await runner.connect();
      return await runner.execute(statement, false);
    } finally {
      runner.release();
    }
  }
}

class SimulatedQueryRunner {
  private lease: Lease | undefined;
  private connecting: Promise<Lease> | undefined;

  constructor(readonly dataSource: SimulatedDataSource) {}

  /** Asks the pool before it returns, as TypeORM's does. */
  connect(): Promise<Lease> {
    this.connecting ??= new Promise((resolve, reject) => {
      this.dataSource.driver.pool.getConnection((error, lease) => {
        if (lease === undefined) reject(error ?? new Error('no connection'));
        else {
          this.lease = lease;
          resolve(lease);
        }
      });
    });
    return this.connecting;
  }

  release(): void {
    this.lease?.release();
  }

  readonly manager = {
    transaction: async <T>(work: (manager: EntityManager) => Promise<T>): Promise<T> => {
      const lease = await this.connect();
      try {
        const result = await work(this.transactionManager());
        await lease.query('COMMIT');
        return result;
      } catch (error) {
        await this.rollBack(lease);
        throw error;
      }
    },
  };

  async execute<T>(statement: Statement<T>, inTransaction: boolean): Promise<T> {
    const lease = await this.connect();
    const options: StatementOptions = { statement, inTransaction };
    const [result] = await lease.query(statement.name, options as never);
    return result as T;
  }

  private transactionManager(): EntityManager {
    const runner: StatementRunner = { run: (statement) => this.execute(statement, true) };
    return runner as unknown as EntityManager;
  }

  /** As TypeORM does it: the caller hears the first error, whatever comes of this. */
  private async rollBack(lease: Lease): Promise<void> {
    try {
      await lease.query('ROLLBACK');
    } catch {
      // The server rolls back what is not committed.
    }
  }
}
