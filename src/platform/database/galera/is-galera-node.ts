import { isUnknownVariable } from '../database-errors.js';
import type { Statements } from './migration-lease.js';

/** Whether the server is a node of a Galera cluster. */
export async function isGaleraNode(database: Statements): Promise<boolean> {
  try {
    const rows = (await database.query('SELECT @@wsrep_on AS isNode')) as Array<{ isNode: number }>;
    return rows[0]?.isNode === 1;
  } catch (error) {
    if (isUnknownVariable(error)) return false;
    throw error;
  }
}
