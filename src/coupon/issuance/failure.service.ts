import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { databaseErrorMessage } from '../../platform/database/database-errors.js';
import { pageOf } from '../../platform/http/page.js';
import { AlreadyIssuedError, FailureNotFoundError } from '../coupon.errors.js';
import type { Page } from '../coupon.schemas.js';
import type { FailureReason, IssuanceFailure } from '../issuance-failure.entity.js';
import { type Reserved, reserved } from '../reservation-view.js';
import { AdmissionService } from '../reservation/admission.service.js';
import { DefinitionCache } from '../reservation/definition-cache.js';
import { FailureRepository } from './failure.repository.js';

/** A reservation that ended as FAILED, as the API shows it. */
export interface FailureView {
  readonly failureId: number;
  readonly couponId: number;
  readonly userId: number;
  readonly sequenceNumber: number;
  readonly reason: FailureReason;
  readonly detail: string;
  readonly failedAt: Date;
  readonly retriedAt: Date | null;
}

/** Shows the failures of a coupon, and tries them again. */
@Injectable()
export class FailureService {
  private readonly logger = new Logger('Failures');

  constructor(
    private readonly failures: FailureRepository,
    private readonly definitions: DefinitionCache,
    private readonly admission: AdmissionService,
    private readonly clock: Clock,
  ) {}

  /** The newest first. @throws CouponNotFoundError */
  async list(
    couponId: number,
    { cursor, limit }: Page,
  ): Promise<{ failures: FailureView[]; nextCursor: string | null }> {
    await this.definitions.require(couponId);
    const found = await this.failures.findPage(couponId, { cursor, limit: limit + 1 });
    const { page, nextCursor } = pageOf(found, limit, ({ failedAt, id }) => [failedAt.getTime(), id]);
    return { failures: page.map(failureView), nextCursor };
  }

  /**
   * Takes a new slot and a new number for the user, whatever the window and the pause, and marks the failure as
   * retried; also when it finds that the user holds a slot by now, since then nothing is left to do about it.
   *
   * @throws CouponNotFoundError, FailureNotFoundError, AlreadyIssuedError, CouponSoldOutError,
   * ReservationUnavailableError
   */
  async retry(couponId: number, failureId: number): Promise<Reserved> {
    await this.definitions.require(couponId);
    const failure = await this.failures.find(couponId, failureId);
    if (failure === null) throw new FailureNotFoundError(couponId, failureId);
    try {
      const { userId, sequenceNumber } = await this.admission.admitAgain(couponId, failure.userId);
      await this.markRetried(failure);
      return reserved(couponId, userId, sequenceNumber);
    } catch (error) {
      if (error instanceof AlreadyIssuedError && failure.retriedAt === null) await this.markRetried(failure);
      throw error;
    }
  }

  /** The slot is taken, noted or not: who tries again is told that the user holds it, and then it is noted. */
  private async markRetried({ id, couponId }: IssuanceFailure): Promise<void> {
    try {
      await this.failures.markRetried(id, this.clock.now());
    } catch (error) {
      this.logger.warn(
        `coupon ${couponId}: failure ${id} is retried, which could not be noted: ${databaseErrorMessage(error)}`,
      );
    }
  }
}

function failureView({ id, ...failure }: IssuanceFailure): FailureView {
  return { failureId: id, ...failure };
}
