import { Inject, Injectable } from '@nestjs/common';
import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import { CONFIG } from '../platform/config/config.module.js';
import type { Config } from '../platform/config/config.schema.js';
import { UserRepository } from './user.repository.js';

/** Ids in one look-up: far below what a statement may hold, and answered within a millisecond or two. */
const MAX_BATCH_SIZE = 1000;

/**
 * Tells who is registered, at the pace of the reserve call: answers from memory where it can, and else asks MySQL once
 * for all that came in during one turn of the event loop.
 */
@Injectable()
export class UserDirectory {
  private readonly known: LRUCache<number, true>;
  private readonly lookUps: DataLoader<number, boolean>;

  constructor(
    @Inject(CONFIG) config: Pick<Config, 'user'>,
    private readonly users: UserRepository,
  ) {
    this.known = new LRUCache({ max: config.user.cacheSize, ttl: config.user.cacheTtlMs });
    this.lookUps = new DataLoader((userIds) => this.lookUp(userIds), {
      // What is remembered is decided here: only the positive answers, and never an error.
      cache: false,
      maxBatchSize: MAX_BATCH_SIZE,
      // The loader's own schedule ends with the I/O callback, that is after each single request.
      batchScheduleFn: (dispatch) => setImmediate(dispatch),
    });
  }

  /** True when the user was found registered lately; false says nothing. Never waits. */
  isKnown(userId: number): boolean {
    return this.known.get(userId) === true;
  }

  /**
   * Whether the user is registered. A yes is remembered for `user.cacheTtlMs`; a no never, so that a new user can ask
   * at once.
   *
   * @throws what the database threw, when it could not be asked; also never remembered
   */
  async exists(userId: number): Promise<boolean> {
    return this.isKnown(userId) || (await this.lookUps.load(userId));
  }

  private async lookUp(userIds: readonly number[]): Promise<boolean[]> {
    const registered = new Set(await this.users.findExistingIds([...new Set(userIds)]));
    for (const userId of registered) this.known.set(userId, true);
    return userIds.map((userId) => registered.has(userId));
  }
}
