import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { User } from './user.entity.js';

/** The table `users`. */
@Injectable()
export class UserRepository {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  /** Those of the ids that belong to a user, in one query. */
  async findExistingIds(userIds: readonly number[]): Promise<number[]> {
    if (userIds.length === 0) return [];
    const rows: Array<{ id: number }> = await this.users.query('SELECT id FROM users WHERE id IN (?)', [userIds]);
    return rows.map((row) => row.id);
  }

  /** The ids from `first` to `last` (both included) that belong to a user. */
  async findIdsBetween(first: number, last: number): Promise<number[]> {
    const rows: Array<{ id: number }> = await this.users.query('SELECT id FROM users WHERE id BETWEEN ? AND ?', [
      first,
      last,
    ]);
    return rows.map((row) => row.id);
  }

  /** Inserts the users in one statement; a row that is there already, perhaps since a moment ago, stays as it is. */
  async insertMissing(manager: EntityManager, users: readonly User[]): Promise<void> {
    const rows = users.map((user) => [user.id, user.name, user.email, user.balance, user.createdAt]);
    await manager.query(
      'INSERT INTO users (id, name, email, balance, created_at) VALUES ? ON DUPLICATE KEY UPDATE id = id',
      [rows],
    );
  }
}
