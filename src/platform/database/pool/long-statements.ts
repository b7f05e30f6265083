import type { DataSource, EntityManager } from 'typeorm';
import { Lease } from './lease.js';

/** Runs statements over a whole table outside a transaction; each may take 10 times `database.statementTimeoutMs`. */
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
