import type { DataSource } from 'typeorm';
import { isGaleraNode } from './galera/is-galera-node.js';
import { MigrationLease } from './galera/migration-lease.js';

const LOCK_NAME = 'firstcome_migrations';
const LOCK_WAIT_SECONDS = 60;

/**
 * Brings the schema up to date and returns the names of the migrations that ran. Several processes may call it at
 * once, on several nodes of a Galera cluster as well: they take turns, and all but the first find nothing left to do.
 *
 * @throws Error when it is not its turn within a minute; on a Galera cluster it says whose it is
 */
export async function migrateDatabase(dataSource: DataSource): Promise<string[]> {
  const lockHolder = dataSource.createQueryRunner();
  try {
    const [row] = (await lockHolder.query('SELECT GET_LOCK(?, ?) AS acquired', [LOCK_NAME, LOCK_WAIT_SECONDS])) as [
      { acquired: number | null },
    ];
    if (row.acquired !== 1) {
      throw new Error(`another process has been migrating the database for ${LOCK_WAIT_SECONDS} s; try again later`);
    }
    return (await isGaleraNode(dataSource)) ? await runWithLease(dataSource) : await run(dataSource);
  } finally {
    await lockHolder.query('SELECT RELEASE_LOCK(?)', [LOCK_NAME]);
    await lockHolder.release();
  }
}

/** The lock is for those on the same node. */
async function runWithLease(dataSource: DataSource): Promise<string[]> {
  const lease = await MigrationLease.take(dataSource, { waitMs: LOCK_WAIT_SECONDS * 1_000 });
  try {
    // What it begins with is a causal read: it sees what the holder before has done on another node.
    return await run(dataSource);
  } finally {
    await lease.end();
  }
}

async function run(dataSource: DataSource): Promise<string[]> {
  // MySQL commits at every DDL statement, so a transaction around it would promise what it can't hold.
  const ran = await dataSource.runMigrations({ transaction: 'none' });
  return ran.map((migration) => migration.name);
}
