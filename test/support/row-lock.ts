import mysqlDriver from 'mysql2/promise';
import { atEndOfFile } from './cleanup.js';

/**
 * Locks a row on a connection of its own, as a foreign program would; call the result to let go of it. Whoever wants
 * the lock waits.
 */
export async function holdRowLock(
  databaseUrl: string,
  table: 'coupons' | 'users' | 'products',
  id: number,
): Promise<() => Promise<void>> {
  const holder = await mysqlDriver.createConnection({ uri: databaseUrl });
  atEndOfFile(async () => holder.destroy());
  await holder.beginTransaction();
  await holder.query(`SELECT id FROM ${table} WHERE id = ? FOR UPDATE`, [id]);
  return async () => {
    await holder.rollback();
    await holder.end();
  };
}
