import mysqlDriver from 'mysql2/promise';
import { atEndOfFile } from './cleanup.js';

/**
 * Locks a row on a connection of its own, as a foreign program would; call the result to let go of it. Whoever wants
 * the lock waits. With `assignments` the row is also changed, which nobody sees before the lock is let go of: between a
 * change that is committed and a lock that is taken after it, a sweep could tell Redis of the change.
 */
export async function holdRowLock(
  databaseUrl: string,
  table: 'coupons' | 'users' | 'products',
  id: number,
  assignments?: string,
): Promise<() => Promise<void>> {
  const holder = await mysqlDriver.createConnection({ uri: databaseUrl });
  atEndOfFile(async () => holder.destroy());
  await holder.beginTransaction();
  await holder.query(`SELECT id FROM ${table} WHERE id = ? FOR UPDATE`, [id]);
  if (assignments !== undefined) await holder.query(`UPDATE ${table} SET ${assignments} WHERE id = ?`, [id]);
  return async () => {
    await holder.commit();
    await holder.end();
  };
}
