import { Injectable } from '@nestjs/common';
import { ActionTrail, type Actor } from '../identity/index.js';
import { TransactionRunner } from '../platform/database/transaction-runner.js';
import { couponSubject } from './coupon-events.js';
import { IssuedUseByRepository } from './issued-use-by.repository.js';
import { WorkTimes } from './work-time.js';

/** So many rows in one transaction, which holds up payments with them for that long. */
const CHUNK = 1_000;

/** How far a change of the use-by time has come. */
export interface Applied {
  /** Rows that had another one before. */
  readonly appliedToIssued: number;
  /** Rows that still have another one. */
  readonly remainingToApply: number;
}

/** P14: the one way in which a use-by time that somebody has is changed, and only because it was asked for by name. */
@Injectable()
export class IssuedUseBy {
  constructor(
    private readonly repository: IssuedUseByRepository,
    private readonly transactions: TransactionRunner,
    private readonly trail: ActionTrail,
    private readonly times: WorkTimes,
  ) {}

  /**
   * Gives all rows of the coupon the use-by time that it has now, in chunks, for 20 s at most. A call after it begins with
   * what is left, so that every call gets further.
   */
  async apply(couponId: number, actor: Actor): Promise<Applied> {
    const action = { actor, action: 'coupon.apply-to-issued', subject: couponSubject(couponId) };
    return await this.trail.run(
      action,
      () => this.applyAll(couponId),
      (applied) => applied,
    );
  }

  private async applyAll(couponId: number): Promise<Applied> {
    const time = this.times.begin();
    let appliedToIssued = 0;
    for (let after = 0; ;) {
      const numbers = await this.repository.findOthers(couponId, after, CHUNK);
      const last = numbers.at(-1);
      if (last === undefined) return { appliedToIssued, remainingToApply: 0 };
      appliedToIssued += await this.transactions.run((manager) => this.repository.apply(manager, couponId, numbers));
      after = last;
      if (!time.isOver) continue;
      return { appliedToIssued, remainingToApply: await this.repository.countOthers(couponId, after) };
    }
  }
}
