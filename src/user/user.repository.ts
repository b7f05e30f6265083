import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import type { UserDraft } from './user-changes.js';
import { User } from './user.entity.js';

interface UpdateResult {
  readonly affectedRows: number;
  readonly insertId: number;
}

/** The table `users`. */
@Injectable()
export class UserRepository {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  /** @param manager of a transaction that must see what it has done itself */
  async find(userId: number, manager?: EntityManager): Promise<User | null> {
    return await (manager?.getRepository(User) ?? this.users).findOneBy({ id: userId });
  }

  /** One that is known to be there. @throws EntityNotFoundError */
  async get(userId: number, manager: EntityManager): Promise<User> {
    return await manager.findOneByOrFail(User, { id: userId });
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

  /** Those users whose id or e-mail one of the drafts has. */
  async findNamed(manager: EntityManager, drafts: readonly UserDraft[]): Promise<UserDraft[]> {
    const columns = 'SELECT id AS userId, name, email FROM users';
    const userIds = drafts.map(({ userId }) => userId);
    const emails = drafts.map(({ email }) => email).filter((email) => email !== null);
    const byId = await manager.query<UserDraft[]>(`${columns} WHERE id IN (?)`, [userIds]);
    if (emails.length === 0) return byId;
    const byEmail = await manager.query<UserDraft[]>(`${columns} WHERE email IN (?)`, [emails]);
    const known = new Set(byId.map(({ userId }) => userId));
    return [...byId, ...byEmail.filter(({ userId }) => !known.has(userId))];
  }

  /** Sets free the e-mails of these users, so that in {@link change} two may exchange theirs. */
  async clearEmails(manager: EntityManager, userIds: readonly number[]): Promise<void> {
    if (userIds.length > 0) await manager.query('UPDATE users SET email = NULL WHERE id IN (?)', [userIds]);
  }

  /** Name and e-mail of all of them, in one statement. */
  async change(manager: EntityManager, users: readonly UserDraft[]): Promise<void> {
    if (users.length === 0) return;
    const ids = users.map(({ userId }) => userId);
    const names = users.map(({ name }) => name);
    const emails = users.map(({ email }) => email);
    await manager.query('UPDATE users SET name = ELT(FIELD(id, ?), ?), email = ELT(FIELD(id, ?), ?) WHERE id IN (?)', [
      ids,
      names,
      ids,
      emails,
      ids,
    ]);
  }

  /** In the order of their ids, so that those who insert the same ones do not wait for each other crosswise. */
  async insert(manager: EntityManager, users: readonly UserDraft[], createdAt: Date): Promise<void> {
    if (users.length === 0) return;
    const rows = users.map(({ userId, name, email }) => [userId, name, email, 0, createdAt]);
    rows.sort(([a], [b]) => Number(a) - Number(b));
    await manager.query('INSERT INTO users (id, name, email, balance, created_at) VALUES ?', [rows]);
  }

  /** Those of the ids that belong to a user, in one query. */
  async findExistingIds(userIds: readonly number[]): Promise<number[]> {
    if (userIds.length === 0) return [];
    const rows: Array<{ id: number }> = await this.users.query('SELECT id FROM users WHERE id IN (?)', [userIds]);
    return rows.map((row) => row.id);
  }
}
