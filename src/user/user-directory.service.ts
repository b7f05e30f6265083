import { Inject, Injectable } from '@nestjs/common';
import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import { CONFIG } from '../platform/config/config.module.js';
import type { UserConfig } from './user.config.js';
import { UserRepository } from './user.repository.js';

/** Ids in one look-up: far below what a statement may hold, and answered within a millisecond or two. */
const MAX_BATCH_SIZE = 1000;
/** Look-ups at once: with more, those of a slow MySQL would fill the pool's queue, and the issuer would wait behind. */
const MAX_LOOK_UPS = 2;

/**
 * Tells who is registered, at the pace of the reserve call: answers from memory where it can, and else asks MySQL once
 * for all that came in during one turn of the event loop.
 */
@Injectable()
export class UserDirectory {
  private readonly known: LRUCache<number, true>;
  private readonly lookUps: DataLoader<number, boolean>;
  private lookUpsUnderWay = 0;
  private readonly waiting: Array<() => void> = [];

  constructor(
    @Inject(CONFIG) config: Pick<UserConfig, 'user'>,
    private readonly users: UserRepository,
  ) {
    this.known = new LRUCache({ max: config.user.cacheSize, ttl: config.user.cacheTtlMs });
    this.lookUps = new DataLoader((userIds) => this.lookUp(userIds), {
      // What is remembered is decided here: only the positive answers, and never an error.
      cache: false,
      maxBatchSize: MAX_BATCH_SIZE,
      // The loader's own schedule ends with the I/O callback, that is after each single request.
      batchScheduleFn: (dispatch) => setImmediate(() => this.dispatchInTurn(dispatch)),
    });
  }

  /** True when the user was found registered lately; false says nothing. Never waits. */
  isKnown(userId: number): boolean {
    return this.known.get(userId) === true;
  }

  /**
   * Whether the user is registered. A yes is remembered for `user.cacheTtlMs`, a no never: a new user can ask at once.
   *
   * @throws what the database threw, when it could not be asked; also never remembered
   */
  async exists(userId: number): Promise<boolean> {
    return this.isKnown(userId) || (await this.lookUps.load(userId));
  }

  /** A batch that has to wait for its turn goes on collecting, so a slow MySQL is asked less often for more. */
  private dispatchInTurn(dispatch: () => void): void {
    if (this.lookUpsUnderWay < MAX_LOOK_UPS) dispatch();
    else this.waiting.push(dispatch);
  }

  private async lookUp(userIds: readonly number[]): Promise<boolean[]> {
    this.lookUpsUnderWay += 1;
    try {
      const registered = new Set(await this.users.findExistingIds([...new Set(userIds)]));
      for (const userId of registered) this.known.set(userId, true);
      return userIds.map((userId) => registered.has(userId));
    } catch (error) {
      // Who has waited for the time limit of one look-up does not wait for that of another.
      for (const dispatch of this.waiting.splice(0)) setImmediate(dispatch);
      throw error;
    } finally {
      this.lookUpsUnderWay -= 1;
      this.waiting.shift()?.();
    }
  }
}
