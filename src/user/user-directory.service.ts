import { Inject, Injectable } from '@nestjs/common';
import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import type { Profile } from '../identity/index.js';
import { CONFIG } from '../platform/config/config.module.js';
import { Newcomers } from './newcomers.service.js';
import type { UserConfig } from './user.config.js';
import { UserRepository } from './user.repository.js';

/** Ids in one look-up: far below what a statement may hold, and answered within a millisecond or two. */
const MAX_BATCH_SIZE = 1000;
/** Look-ups at once: with more, those of a slow MySQL would fill the pool's queue, and the issuer would wait behind. */
const MAX_LOOK_UPS = 2;

interface LookUp {
  readonly userId: number;
  readonly newcomer: Profile | undefined;
}

/**
 * Tells who is registered, at the pace of the reserve call: answers from memory where it can, and else asks MySQL once
 * for all that came in during one turn of the event loop.
 */
@Injectable()
export class UserDirectory {
  private readonly known: LRUCache<number, true>;
  private readonly lookUps: DataLoader<LookUp, boolean>;
  private lookUpsUnderWay = 0;
  private readonly waiting: Array<() => void> = [];

  constructor(
    @Inject(CONFIG) config: Pick<UserConfig, 'user'>,
    private readonly users: UserRepository,
    private readonly newcomers: Newcomers,
  ) {
    this.known = new LRUCache({ max: config.user.cacheSize, ttl: config.user.cacheTtlMs });
    this.lookUps = new DataLoader((asked) => this.lookUp(asked), {
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
   * @param newcomer who is registered by this, unless they are
   * @throws what the database threw, when it could not be asked; also never remembered
   */
  async exists(userId: number, newcomer?: Profile): Promise<boolean> {
    return this.isKnown(userId) || (await this.lookUps.load({ userId, newcomer }));
  }

  /** A batch that has to wait for its turn goes on collecting, so a slow MySQL is asked less often for more. */
  private dispatchInTurn(dispatch: () => void): void {
    if (this.lookUpsUnderWay < MAX_LOOK_UPS) dispatch();
    else this.waiting.push(dispatch);
  }

  private async lookUp(asked: readonly LookUp[]): Promise<boolean[]> {
    this.lookUpsUnderWay += 1;
    try {
      const userIds = new Set(asked.map(({ userId }) => userId));
      const registered = new Set(await this.users.findExistingIds([...userIds]));
      const toRegister = new Map<number, Profile>();
      for (const { userId, newcomer } of asked) {
        if (newcomer !== undefined && !registered.has(userId)) toRegister.set(userId, newcomer);
      }
      if (toRegister.size > 0) await this.newcomers.register(toRegister);
      for (const userId of toRegister.keys()) registered.add(userId);
      for (const userId of registered) this.known.set(userId, true);
      return asked.map(({ userId }) => registered.has(userId));
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
