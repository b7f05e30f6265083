import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { User } from './user.entity.js';

interface UpdateResult {
  readonly affectedRows: number;
  readonly insertId: number;
}

/** The table `users`. */
@Injectable()
export class UserRepository {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  async find(userId: number): Promise<User | null> {
    return await this.users.findOneBy({ id: userId });
  }

  async exists(manager: EntityManager, userId: number): Promise<boolean> {
    return await manager.existsBy(User, { id: userId });
  }

  /** Adds to the balance and returns the new one; undefined, and nothing changes, for no user or above `maxBalance`. */
  async credit(
    manager: EntityManager,
    userId: number,
    amount: number,
    maxBalance: number,
  ): Promise<number | undefined> {
    // LAST_INSERT_ID(value) hands the value back with the result: RETURNING, in the words that both servers know.
    const { affectedRows, insertId } = await manager.query<UpdateResult>(
      'UPDATE users SET balance = LAST_INSERT_ID(balance + ?) WHERE id = ? AND balance <= ?',
      [amount, userId, maxBalance - amount],
    );
    return affectedRows === 1 ? insertId : undefined;
  }

  /** Takes from the balance and returns what remains; undefined, and nothing changes, when it is not enough. */
  async debit(manager: EntityManager, userId: number, amount: number): Promise<number | undefined> {
    const { affectedRows, insertId } = await manager.query<UpdateResult>(
      'UPDATE users SET balance = LAST_INSERT_ID(balance - ?) WHERE id = ? AND balance >= ?',
      [amount, userId, amount],
    );
    return affectedRows === 1 ? insertId : undefined;
  }

  /** Those of the ids that belong to a user, in one query. */
  async findExistingIds(userIds: readonly number[]): Promise<number[]> {
    if (userIds.length === 0) return [];
    const rows: Array<{ id: number }> = await this.users.query('SELECT id FROM users WHERE id IN (?)', [userIds]);
    return rows.map((row) => row.id);
  }
}
