import { Injectable } from '@nestjs/common';
import type { FailedReservation, IssuedCoupon } from './issuance.repository.js';

export type IssuanceOutcome =
  | { readonly status: 'ISSUED'; readonly row: IssuedCoupon }
  | { readonly status: 'FAILED'; readonly failure: FailedReservation };

type Waiter = (outcome?: IssuanceOutcome) => void;

/** Tells the callers of `/issue`, who wait for the commit, how their reservation ended. */
@Injectable()
export class IssuanceOutcomes {
  /** Coupon → sequence number → who waits for it. */
  private readonly waiters = new Map<number, Map<number, Waiter>>();

  /** How the reservation ended, or undefined when that is not known within `timeoutMs`. */
  async wait(couponId: number, sequenceNumber: number, timeoutMs: number): Promise<IssuanceOutcome | undefined> {
    return await new Promise((resolve) => {
      const timer = setTimeout(() => this.waiterOf(couponId, sequenceNumber)?.(), timeoutMs);
      const ofCoupon = this.waiters.get(couponId) ?? new Map<number, Waiter>();
      this.waiters.set(couponId, ofCoupon);
      ofCoupon.set(sequenceNumber, (outcome) => {
        clearTimeout(timer);
        ofCoupon.delete(sequenceNumber);
        if (ofCoupon.size === 0) this.waiters.delete(couponId);
        resolve(outcome);
      });
    });
  }

  /** Someone waits for the outcome of a reservation of this coupon. */
  areAwaited(couponId: number): boolean {
    return this.waiters.has(couponId);
  }

  isAwaited(couponId: number, sequenceNumber: number): boolean {
    return this.waiterOf(couponId, sequenceNumber) !== undefined;
  }

  announce(couponId: number, sequenceNumber: number, outcome: IssuanceOutcome): void {
    this.waiterOf(couponId, sequenceNumber)?.(outcome);
  }

  private waiterOf(couponId: number, sequenceNumber: number): Waiter | undefined {
    return this.waiters.get(couponId)?.get(sequenceNumber);
  }
}
