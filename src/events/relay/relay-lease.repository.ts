import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { isLockConflict } from '../../platform/database/database-errors.js';

const IS_FREE = 'owner IS NULL OR owner = ? OR until_at < UTC_TIMESTAMP(3)';
const PROLONG = 'until_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND';

/**
 * The row of `relay_leases`: who tells, on the clock of the database. It changes by single statements that commit by
 * themselves: on a Galera cluster, where row locks are for those on the same node, several may try, and one commits.
 */
@Injectable()
export class RelayLeaseRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Takes the lease where nobody else has it. The token of the new term, higher than all before; undefined if not. */
  async take(owner: string, leaseMs: number): Promise<number | undefined> {
    // Those who wait look first, and so wait for no lock and take none.
    const free = await this.dataSource.query<unknown[]>(`SELECT 1 FROM relay_leases WHERE id = 1 AND (${IS_FREE})`, [
      owner,
    ]);
    if (free.length === 0) return undefined;
    const isTaken = await this.change(
      `UPDATE relay_leases SET token = token + 1, owner = ?, ${PROLONG} WHERE id = 1 AND (${IS_FREE})`,
      [owner, leaseMs * 1000, owner],
    );
    if (!isTaken) return undefined;
    const [lease] = await this.dataSource.query<Array<{ token: number }>>(
      'SELECT token FROM relay_leases WHERE id = 1 AND owner = ?',
      [owner],
    );
    return lease?.token;
  }

  /** False when the term is over. */
  async renew(token: number, leaseMs: number): Promise<boolean> {
    return await this.change(`UPDATE relay_leases SET ${PROLONG} WHERE id = 1 AND token = ?`, [leaseMs * 1000, token]);
  }

  /** Ends the term, so that another instance may begin one at once. */
  async giveUp(token: number): Promise<void> {
    await this.change('UPDATE relay_leases SET owner = NULL WHERE id = 1 AND token = ?', [token]);
  }

  /** Whether the term is not over, and does not end before the transaction does. */
  async holds(manager: EntityManager, token: number): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      'SELECT token FROM relay_leases WHERE id = 1 AND token = ? LOCK IN SHARE MODE',
      [token],
    );
    return rows.length === 1;
  }

  /** Whether the statement has changed the row. Another node that commits first has a conflict be the answer. */
  private async change(sql: string, parameters: unknown[]): Promise<boolean> {
    try {
      const { affectedRows } = await this.dataSource.query<{ affectedRows: number }>(sql, parameters);
      return affectedRows === 1;
    } catch (error) {
      if (isLockConflict(error)) return false;
      throw error;
    }
  }
}
