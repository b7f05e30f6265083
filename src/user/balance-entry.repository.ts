import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { withLongStatements } from '../platform/database/pool/long-statements.js';
import type { BalanceEntry, NewBalanceEntry } from './balance-entry.js';
import type { BalanceEntriesQuery } from './user.schemas.js';

/** A user whose balance is not what its entries come to; both in won. */
export interface UnexplainedBalance {
  readonly userId: number;
  readonly balance: number;
  readonly entriesTotal: number;
}

/** All balances at one moment. */
export interface BalanceComparison {
  /** How many there are. */
  readonly balances: number;
  /** How many of them are not the sum of their entries. */
  readonly unexplained: number;
  /** The first of these, the lower user id first. */
  readonly differences: readonly UnexplainedBalance[];
}

interface ComparisonRow {
  readonly balances: number;
  /** Null, as what follows, in the one row that comes when every balance is explained. */
  readonly unexplained: number | null;
  readonly userId: number;
  readonly balance: number;
  readonly entriesTotal: number | string;
}

/** The table `balance_entries`. */
@Injectable()
export class BalanceEntryRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** In the transaction that moves the balance. */
  async insert(manager: EntityManager, entry: NewBalanceEntry): Promise<void> {
    const { userId, amount, kind, orderId, createdAt } = entry;
    await manager.query(
      'INSERT INTO balance_entries (user_id, amount, kind, order_id, created_at) VALUES (?, ?, ?, ?, ?)',
      [userId, amount, kind, orderId, createdAt],
    );
  }

  /** For users that were inserted in this transaction with what they have: those among them who have an entry get none. */
  async open(manager: EntityManager, userIds: readonly number[]): Promise<void> {
    await manager.query(
      `INSERT INTO balance_entries (user_id, amount, kind, order_id, created_at)
       SELECT id, balance, 'OPENING', NULL, created_at FROM users
        WHERE id IN (?) AND balance <> 0
          AND NOT EXISTS (SELECT 1 FROM balance_entries entry WHERE entry.user_id = users.id)`,
      [userIds],
    );
  }

  /** The user's entries, newest first by (created_at, id), from the one before `cursor` on. */
  async findPageOfUser(userId: number, { cursor, limit }: BalanceEntriesQuery): Promise<BalanceEntry[]> {
    const conditions = ['user_id = ?'];
    const parameters: unknown[] = [userId];
    if (cursor !== undefined) {
      const [createdAtMs, entryId] = cursor;
      const createdAt = new Date(createdAtMs);
      conditions.push('(created_at < ? OR (created_at = ? AND id < ?))');
      parameters.push(createdAt, createdAt, entryId);
    }
    return await this.dataSource.query<BalanceEntry[]>(
      `SELECT id AS entryId, amount, kind, order_id AS orderId, created_at AS createdAt FROM balance_entries
        WHERE ${conditions.join(' AND ')} ORDER BY created_at DESC, id DESC LIMIT ?`,
      [...parameters, limit],
    );
  }

  /**
   * Compares every balance with the sum of its entries, all of them at one moment: one statement sees one snapshot. The
   * server goes through both in the order of the users; only the balances that differ come together anywhere.
   */
  async compare(maxDifferences: number): Promise<BalanceComparison> {
    const rows = await withLongStatements(this.dataSource, (manager) =>
      manager.query<ComparisonRow[]>(
        `SELECT counted.balances, differing.unexplained, differing.userId, differing.balance, differing.entriesTotal
           FROM (SELECT COUNT(*) AS balances FROM users) AS counted
           LEFT JOIN (SELECT COUNT(*) OVER () AS unexplained, userId, balance, entriesTotal
                        FROM (SELECT users.id AS userId, users.balance AS balance,
                                     (SELECT COALESCE(SUM(entry.amount), 0) FROM balance_entries entry
                                       WHERE entry.user_id = users.id) AS entriesTotal
                                FROM users) AS compared
                       WHERE balance <> entriesTotal ORDER BY userId LIMIT ?) AS differing ON TRUE
          ORDER BY differing.userId`,
        [maxDifferences],
      ),
    );
    const [first] = rows;
    const found = rows.filter(({ unexplained }) => unexplained !== null);
    return {
      balances: first?.balances ?? 0,
      unexplained: first?.unexplained ?? 0,
      differences: found.map(({ userId, balance, entriesTotal }) => {
        return { userId, balance, entriesTotal: Number(entriesTotal) };
      }),
    };
  }
}
