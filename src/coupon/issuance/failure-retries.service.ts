import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { CouponSoldOutError } from '../coupon.errors.js';
import { DefinitionCache } from '../reservation/definition-cache.js';
import { BULK_SIZE, BulkAdmission } from '../reservation/bulk-admission.service.js';
import { WorkTimes, type WorkTime } from '../work-time.js';
import { type FailurePosition, type OpenFailure, OpenFailuresRepository } from './open-failures.repository.js';

/** What became of failures, in numbers of them. */
export interface RetriedFailures {
  /** Their users hold a new slot. */
  readonly retried: number;
  /** Their users held one already. */
  readonly alreadyIssued: number;
  /** There was no slot for them: they stay as they are. */
  readonly soldOut: number;
  /** Not looked at in time. */
  readonly remaining: number;
}

/** What became of one page of them. */
interface Page {
  readonly retried: number;
  readonly alreadyIssued: number;
  readonly isSoldOut: boolean;
}

/** Tries all failures of a coupon again that nobody has retried. */
@Injectable()
export class FailureRetries {
  constructor(
    private readonly definitions: DefinitionCache,
    private readonly failures: OpenFailuresRepository,
    private readonly admission: BulkAdmission,
    private readonly times: WorkTimes,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes a new slot and a new number for each user, as FailureService.retry, in the order in which the failures came,
   * until the coupon is sold out, for 20 s at most. What fails meanwhile is left out, so that it ends.
   *
   * @throws CouponNotFoundError, ReservationUnavailableError, and what the database throws: what is retried by then stays
   *   so, and is `alreadyIssued` the next time if it could not be noted
   */
  async retryAll(couponId: number): Promise<RetriedFailures> {
    await this.definitions.require(couponId);
    const time = this.times.begin();
    const until = this.clock.now();
    let retried = 0;
    let alreadyIssued = 0;
    let position: FailurePosition | undefined;
    for (;;) {
      const failures = await this.failures.page(couponId, until, position, BULK_SIZE);
      if (failures.length === 0) return { retried, alreadyIssued, soldOut: 0, remaining: 0 };
      if (position === undefined) await this.admission.prepare(couponId);
      const page = await this.retry(couponId, failures, time);
      retried += page.retried;
      alreadyIssued += page.alreadyIssued;
      // Also those on this page, which stay open.
      if (page.isSoldOut) {
        const soldOut = await this.failures.count(couponId, until, position);
        return { retried, alreadyIssued, soldOut, remaining: 0 };
      }
      position = failures.at(-1);
      if (!time.isOver) continue;
      const remaining = await this.failures.count(couponId, until, position);
      return { retried, alreadyIssued, soldOut: 0, remaining };
    }
  }

  private async retry(couponId: number, failures: readonly OpenFailure[], time: WorkTime): Promise<Page> {
    const userIds = [...new Set(failures.map(({ userId }) => userId))];
    const outcomes = await this.admission.admit(couponId, userIds, time);
    const outcomeOf = new Map(outcomes.map((outcome, index) => [userIds[index] as number, outcome]));
    const refused = failures.filter(({ userId }) => outcomeOf.get(userId) instanceof CouponSoldOutError);
    const holding = failures.filter(({ userId }) => !(outcomeOf.get(userId) instanceof CouponSoldOutError));
    await this.failures.markRetried(
      holding.map(({ failureId }) => failureId),
      this.clock.now(),
    );
    // Of several failures of one user the first is retried; for the others the user holds a slot by then.
    const retried = userIds.filter((userId) => !(outcomeOf.get(userId) instanceof Error)).length;
    return { retried, alreadyIssued: holding.length - retried, isSoldOut: refused.length > 0 };
  }
}
