import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { isLockConflict } from './database-errors.js';

/** Rides out a deadlock, and a burst of them, within about a second. */
const DEFAULT_ATTEMPTS = 5;

/**
 * The one way to run a transaction. The work gets its EntityManager and hands it to every repository method it calls;
 * it may run several times, so it must do nothing outside the database.
 */
@Injectable()
export class TransactionRunner {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in a transaction at READ COMMITTED (every statement sees what was committed before it, and there are no
   * gap locks to deadlock on). A deadlock or lock-wait time-out, also at COMMIT, starts it again from the beginning, at
   * most `attempts` times in all; then the first error is thrown.
   */
  async run<T>(work: (manager: EntityManager) => Promise<T>, { attempts = DEFAULT_ATTEMPTS } = {}): Promise<T> {
    let firstError: unknown;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.dataSource.transaction('READ COMMITTED', work);
      } catch (error) {
        firstError ??= error;
        if (attempt >= attempts || !isLockConflict(error)) throw attempt === 1 ? error : firstError;
        await delay(Math.random() * 20 * 2 ** attempt);
      }
    }
  }
}
