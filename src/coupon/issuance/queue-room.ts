import type { Logger } from '@nestjs/common';
import type { IssuanceLane } from './issuance-lane.js';

interface Limits {
  /** The most that the queue holds. */
  readonly queueCapacity: number;
  /** The most of one coupon. */
  readonly queueShare: number;
}

/** How much more the queue may hold, of all coupons and of one. Says once when it is full and once when it no longer is. */
export class QueueRoom {
  private readonly capacity: number;
  private readonly share: number;
  private taken = 0;
  private isSaidFull = false;
  /** Coupons whose share was said to be full. */
  private readonly fullShares = new Set<number>();

  constructor(
    { queueCapacity, queueShare }: Limits,
    private readonly logger: Logger,
  ) {
    this.capacity = queueCapacity;
    this.share = Math.min(queueShare, queueCapacity);
  }

  /** Reservations in the queue. */
  get queued(): number {
    return this.taken;
  }

  get isFull(): boolean {
    return this.taken >= this.capacity;
  }

  /** How many more the lane may take. */
  in(lane: IssuanceLane): number {
    return Math.max(0, Math.min(this.share - lane.size, this.capacity - this.taken));
  }

  isDownToHalfItsShare(lane: IssuanceLane): boolean {
    return lane.size <= this.share / 2;
  }

  take(count: number): void {
    this.taken += count;
  }

  giveBack(count: number): void {
    this.taken -= count;
  }

  reportFull(lane: IssuanceLane): void {
    if (this.isFull) this.reportFullQueue();
    else this.reportFullShare(lane);
  }

  /** At half of what fits, so that a queue at its brim does not tell of every batch. */
  reportRoom(lane: IssuanceLane): void {
    if (this.isSaidFull && this.taken <= this.capacity / 2) {
      this.isSaidFull = false;
      this.logger.log(`the queue has room again, ${this.taken} reservations are in it`);
    }
    if (this.isDownToHalfItsShare(lane) && !lane.hasLeft && this.fullShares.delete(lane.couponId)) {
      this.logger.log(`coupon ${lane.couponId}: its share of the queue has room again, ${lane.size} are in it`);
    }
  }

  private reportFullQueue(): void {
    if (this.isSaidFull) return;
    this.isSaidFull = true;
    this.logger.warn(
      `the queue is full with ${this.taken} reservations; more of them wait, pending, until it has room`,
    );
  }

  private reportFullShare({ couponId, size }: IssuanceLane): void {
    if (this.fullShares.has(couponId)) return;
    this.fullShares.add(couponId);
    this.logger.warn(
      `coupon ${couponId}: its share of the queue is full with ${size} reservations; more of them wait, pending, ` +
        'until it has room',
    );
  }
}
