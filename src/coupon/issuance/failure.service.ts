import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { encodeCursor } from '../../platform/http/schemas.js';
import { CouponNotFoundError, FailureNotFoundError } from '../coupon.errors.js';
import type { Page } from '../coupon.schemas.js';
import { AdmissionService } from '../reservation/admission.service.js';
import type { CouponDefinition } from '../reservation/coupon-definition.js';
import { CouponDefinitions } from '../reservation/coupon-definitions.js';
import { type Reserved, reserved } from '../reservation/reservation.service.js';
import type { FailureReason, IssuanceFailure } from './issuance-failure.entity.js';
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
  constructor(
    private readonly failures: FailureRepository,
    private readonly definitions: CouponDefinitions,
    private readonly admission: AdmissionService,
    private readonly clock: Clock,
  ) {}

  /** The newest first. @throws CouponNotFoundError */
  async list(couponId: number, { cursor, limit }: Page): Promise<{ failures: FailureView[]; nextCursor: string | null }> {
    await this.existing(couponId);
    const found = await this.failures.findPage(couponId, cursor, limit + 1);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      failures: page.map(failureView),
      nextCursor: found.length > limit && last !== undefined ? encodeCursor(last.id) : null,
    };
  }

  /**
   * Takes a new slot and a new number for the user, whatever the window and the pause, and marks the failure as retried.
   *
   * @throws CouponNotFoundError, FailureNotFoundError, AlreadyIssuedError, CouponSoldOutError, ReservationUnavailableError
   */
  async retry(couponId: number, failureId: number): Promise<Reserved> {
    const definition = await this.existing(couponId);
    const failure = await this.failures.find(couponId, failureId);
    if (failure === null) throw new FailureNotFoundError(couponId, failureId);
    const { userId, sequenceNumber } = await this.admission.admit(definition, failure.userId, { always: true });
    await this.failures.markRetried(failureId, this.clock.now());
    return reserved(couponId, userId, sequenceNumber);
  }

  private async existing(couponId: number): Promise<CouponDefinition> {
    const definition = await this.definitions.get(couponId);
    if (definition === undefined) throw new CouponNotFoundError(couponId);
    return definition;
  }
}

function failureView({ id, ...failure }: IssuanceFailure): FailureView {
  return { failureId: id, ...failure };
}
