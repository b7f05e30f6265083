import type { DataSource } from 'typeorm';

const LOCK_NAME = 'firstcome_migrations';
const LOCK_WAIT_SECONDS = 60;

/**
 * Brings the schema up to date and returns the names of the migrations that ran. Several processes may call it at
 * once: they take turns, and all but the first find nothing left to do.
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
    // MySQL commits at every DDL statement, so a transaction around it would promise what it can't hold.
    const ran = await dataSource.runMigrations({ transaction: 'none' });
    return ran.map((migration) => migration.name);
  } finally {
    await lockHolder.query('SELECT RELEASE_LOCK(?)', [LOCK_NAME]);
    await lockHolder.release();
  }
}
