import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isDuplicateKey, isLockConflict, isLockNotAvailable } from '../database/database-errors.js';

/** Who asked for what: the same key of another caller, or for another operation, is another key. */
export interface IdempotencyScope {
  readonly operation: string;
  readonly ownerId: number;
  readonly key: string;
}

interface Stored {
  readonly requestHash: string;
  readonly answer: string;
}

/** The table `idempotency_keys`. Every method works inside the transaction of the effect. */
@Injectable()
export class IdempotencyRepository {
  /**
   * Takes the key. A second request is told so at once while the first one is running; only one that comes in the very
   * moment in which the first takes the key waits for it to end.
   *
   * @returns TAKEN when the key is ours, KNOWN when an answer is stored, BUSY when the first request is still running
   */
  async take(
    manager: EntityManager,
    scope: IdempotencyScope,
    requestHash: string,
    createdAt: Date,
  ): Promise<'TAKEN' | 'KNOWN' | 'BUSY'> {
    const { operation, ownerId, key } = scope;
    if (await this.isHeld(manager, scope)) return (await this.find(manager, scope)) === undefined ? 'BUSY' : 'KNOWN';
    try {
      await manager.query(
        `INSERT INTO idempotency_keys (operation, owner_id, idempotency_key, request_hash, answer, created_at)
         VALUES (?, ?, ?, ?, '', ?)`,
        [operation, ownerId, key, requestHash, createdAt],
      );
      return 'TAKEN';
    } catch (error) {
      if (isDuplicateKey(error)) return 'KNOWN';
      // Also a deadlock: several waited for a first request that was rolled back, and another one has the key now.
      if (isLockConflict(error)) return 'BUSY';
      throw error;
    }
  }

  async find(manager: EntityManager, { operation, ownerId, key }: IdempotencyScope): Promise<Stored | undefined> {
    const [stored] = await manager.query<Stored[]>(
      `SELECT request_hash AS requestHash, answer FROM idempotency_keys
        WHERE operation = ? AND owner_id = ? AND idempotency_key = ?`,
      [operation, ownerId, key],
    );
    return stored;
  }

  async storeAnswer(
    manager: EntityManager,
    { operation, ownerId, key }: IdempotencyScope,
    answer: string,
  ): Promise<void> {
    await manager.query(
      'UPDATE idempotency_keys SET answer = ? WHERE operation = ? AND owner_id = ? AND idempotency_key = ?',
      [answer, operation, ownerId, key],
    );
  }

  /** Whether the key has a row or is being given one; never waits. READ COMMITTED locks nothing without a row. */
  private async isHeld(manager: EntityManager, { operation, ownerId, key }: IdempotencyScope): Promise<boolean> {
    try {
      const rows = await manager.query<unknown[]>(
        `SELECT 1 FROM idempotency_keys
          WHERE operation = ? AND owner_id = ? AND idempotency_key = ? FOR UPDATE NOWAIT`,
        [operation, ownerId, key],
      );
      return rows.length > 0;
    } catch (error) {
      if (isLockNotAvailable(error)) return true;
      throw error;
    }
  }

  /** Deletes at most `limit` keys created before `time`; how many. */
  async deleteBefore(manager: EntityManager, time: Date, limit: number): Promise<number> {
    const { affectedRows } = await manager.query<{ affectedRows: number }>(
      'DELETE FROM idempotency_keys WHERE created_at < ? ORDER BY created_at LIMIT ?',
      [time, limit],
    );
    return affectedRows;
  }
}
