import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

const REMEMBERED_COUPONS = 10_000;

/**
 * P5: the greatest sequence number that this instance was answered of each coupon. A Redis whose counter is below it has
 * gone back in time, whatever it calls itself, and must give out no number. It guards this instance alone: that all of
 * them notice is for the identity of the server, which the scripts compare.
 */
@Injectable()
export class SeenNumbers {
  private readonly greatest = new LRUCache<number, number>({ max: REMEMBERED_COUPONS });

  /** 0 when none was seen. */
  greatestOf(couponId: number): number {
    return this.greatest.get(couponId) ?? 0;
  }

  see(couponId: number, sequenceNumber: number): void {
    if (sequenceNumber > this.greatestOf(couponId)) this.greatest.set(couponId, sequenceNumber);
  }
}
