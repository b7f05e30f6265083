import { Injectable } from '@nestjs/common';
import { SingleFlight } from '../../platform/concurrency/single-flight.js';
import { CouponHistoryStore } from './coupon-history.store.js';
import type { HistoryPoint } from './history-point.js';

/** More minutes than these are no wider on any screen: of every few of them one is left out. */
const MAX_MINUTES = 4_000;

/** What was written down of coupons. */
@Injectable()
export class CouponHistoryReader {
  private readonly readings = new SingleFlight<number, HistoryPoint[]>();

  constructor(private readonly store: CouponHistoryStore) {}

  /**
   * How a coupon stood: seconds for about the last hour in which it was open, minutes before; the oldest first. Of seconds
   * in which nothing happened some are left out. Empty for one that was never open. @throws RedisUnavailableError
   */
  async read(couponId: number): Promise<HistoryPoint[]> {
    // However many pages are opened at once: there may be megabytes of it.
    return await this.readings.run(couponId, async () => {
      const { seconds, minutes } = await this.store.read(couponId);
      return inOrder([...thinned(minutes), ...seconds]);
    });
  }
}

/** Where the stock turned is kept, so that the time a drop took is known as long as minutes are. */
function thinned(minutes: readonly HistoryPoint[]): HistoryPoint[] {
  const step = Math.ceil(minutes.length / MAX_MINUTES);
  return minutes.filter((point, index) => {
    const [before, after] = [minutes[index - 1], minutes[index + 1]];
    const isEnd = before === undefined || after === undefined;
    const isTurn =
      (point.remaining === 0) !== (before?.remaining === 0) || (point.accepted === 0) !== (after?.accepted === 0);
    return index % step === 0 || isEnd || isTurn;
  });
}

/** Two instances may have written for a moment, or minutes may be among the seconds: of each moment one is left. */
function inOrder(points: readonly HistoryPoint[]): HistoryPoint[] {
  return points.toSorted((a, b) => a.at - b.at).filter(({ at }, index, sorted) => at !== sorted[index - 1]?.at);
}
