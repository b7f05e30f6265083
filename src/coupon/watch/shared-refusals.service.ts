import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { inParallel } from '../../platform/concurrency/in-parallel.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { type Refusals, RefusalTally } from '../reservation/refusal-tally.js';
import { CouponHistoryStore, partsOf, type SharedCounts } from './coupon-history.store.js';

const REMEMBERED_COUPONS = 1_000;
const MAX_AT_ONCE = 50;

/** How often a coupon was refused. */
export interface SeenRefusals {
  readonly counts: Refusals;
  /** False while what other instances counted could never be read. */
  readonly isOfAll: boolean;
}

/**
 * How often coupons were refused by all instances together. Each tells Redis its own sums, and reads those of the others;
 * a sum that is written twice, or whose answer was lost, is right all the same. While Redis is away, what the others said
 * last is added to what is counted here.
 */
@Injectable()
export class SharedRefusals {
  private readonly read = new LRUCache<number, SharedCounts>({ max: REMEMBERED_COUPONS });

  constructor(
    private readonly tally: RefusalTally,
    private readonly store: CouponHistoryStore,
  ) {}

  /** Tells the others what was refused here since the last time. @throws RedisUnavailableError; nothing is lost by that */
  async tell(): Promise<void> {
    await this.each(this.tally.takeNew(), async (couponId) => {
      const own = this.tally.of(couponId);
      try {
        if (own !== undefined) await this.store.saveRefusals(couponId, own);
      } catch (error) {
        this.tally.putBack(couponId);
        throw error;
      }
    });
  }

  /** Hears what the others have told. @throws RedisUnavailableError */
  async listen(couponIds: readonly number[]): Promise<void> {
    await this.each(couponIds, async (couponId) => {
      this.read.set(couponId, await this.store.refusalsOf(couponId));
    });
  }

  /** As far as is known here. */
  of(couponId: number): SeenRefusals {
    const own = this.tally.of(couponId);
    const others = this.read.get(couponId);
    const counts: Record<string, number> = { ...own?.counts };
    for (const [field, count] of others ?? []) {
      const { countedBy, code } = partsOf(field);
      // What was told of its own is older than what it knows.
      if (countedBy !== own?.countedBy) counts[code] = (counts[code] ?? 0) + count;
    }
    return { counts, isOfAll: others !== undefined };
  }

  /** A server that is away does not keep those of the others from it; then it is thrown what that one said. */
  private async each(couponIds: readonly number[], exchange: (couponId: number) => Promise<void>): Promise<void> {
    let outage: RedisUnavailableError | undefined;
    await inParallel(couponIds, MAX_AT_ONCE, async (couponId) => {
      try {
        await exchange(couponId);
      } catch (error) {
        if (!(error instanceof RedisUnavailableError)) throw error;
        outage ??= error;
      }
    });
    if (outage !== undefined) throw outage;
  }
}
