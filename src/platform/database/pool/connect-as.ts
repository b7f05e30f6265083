import type { QueryRunner } from 'typeorm';
import type { ConnectionClass } from './connection-class.js';
import { ConnectionPool } from './connection-pool.js';

/** Has the query runner take its connection as one of this class. A pool that is not ours knows no classes. */
export async function connectAs(connections: ConnectionClass, runner: QueryRunner): Promise<void> {
  const { pool } = runner.dataSource.driver as unknown as { readonly pool: unknown };
  if (pool instanceof ConnectionPool) await pool.askAs(connections, () => runner.connect());
  else await runner.connect();
}
