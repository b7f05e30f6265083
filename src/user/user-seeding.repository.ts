import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { BalanceEntryRepository } from './balance-entry.repository.js';
import type { User } from './user.entity.js';

/** Registers users under ids that are given, as many at once as a statement takes: for those who seed test data. */
@Injectable()
export class UserSeeding {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly entries: BalanceEntryRepository,
  ) {}

  /** The ids from `first` to `last` (both included) that belong to a user. */
  async idsBetween(first: number, last: number): Promise<number[]> {
    const rows = await this.dataSource.query<Array<{ id: number }>>('SELECT id FROM users WHERE id BETWEEN ? AND ?', [
      first,
      last,
    ]);
    return rows.map(({ id }) => id);
  }

  /**
   * Inserts the users in one statement, and entries of what they have; a row that is there already, perhaps since a moment
   * ago, stays as it is.
   */
  async insertMissing(manager: EntityManager, users: readonly User[]): Promise<void> {
    const rows = users.map((user) => [user.id, user.name, user.email, user.balance, user.createdAt]);
    await manager.query(
      'INSERT INTO users (id, name, email, balance, created_at) VALUES ? ON DUPLICATE KEY UPDATE id = id',
      [rows],
    );
    await this.entries.open(
      manager,
      users.map(({ id }) => id),
    );
  }
}
