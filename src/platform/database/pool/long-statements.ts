import type { DataSource, EntityManager } from 'typeorm';
import { Lease } from './lease.js';

/**
 * Runs statements that work through a whole table, on one connection and outside of a transaction: each may take ten
 * times `database.statementTimeoutMs`.
 */
export async function withLongStatements<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  try {
    const connection: unknown = await runner.connect();
    if (connection instanceof Lease) connection.allowLongStatements();
    return await work(runner.manager);
  } finally {
    await runner.release();
  }
}
