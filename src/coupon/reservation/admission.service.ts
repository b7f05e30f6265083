import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import type { DomainError } from '../../platform/errors/domain-error.js';
import { EventPublisher } from '../../platform/events/event-publisher.js';
import { FaultPoints } from '../../platform/fault-points.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { ReservationUnavailableError } from '../coupon.errors.js';
import { AdmissionStore } from './admission.store.js';
import type { CouponDefinition } from './coupon-definition.js';
import { CouponReservedEvent } from './coupon-reserved.event.js';
import { RebuildService } from './rebuild.service.js';
import { RefusalTally } from './refusal-tally.js';
import { ReservationMetrics } from './reservation-metrics.js';
import { refusalError } from './reservation-refusals.js';
import type { Refusal, Reservation, ReserveRequest } from './reservation.js';

declare module '../../platform/fault-points.js' {
  interface FaultPointNames {
    admission: 'before-reserve' | 'after-reserve';
  }
}

/** How a request ended: admitted, or refused and why. */
export type Outcome = Reservation | DomainError;

/** Redis admits: the one way to a slot of a coupon of the reservation strategy. */
@Injectable()
export class AdmissionService {
  constructor(
    private readonly store: AdmissionStore,
    private readonly rebuilds: RebuildService,
    private readonly events: EventPublisher,
    private readonly metrics: ReservationMetrics,
    private readonly refusals: RefusalTally,
    private readonly clock: Clock,
    private readonly faults: FaultPoints,
  ) {}

  /**
   * Has Redis decide about users who asked at the same time, and starts the issuance of those whom it admitted; for
   * each of them, in the same order, the outcome.
   *
   * @throws ReservationUnavailableError when Redis can't be asked
   */
  async admit(definition: CouponDefinition, requests: readonly ReserveRequest[]): Promise<Outcome[]> {
    const answers = await this.ask(definition.couponId, requests);
    return this.conclude(
      definition.couponId,
      requests,
      answers.map((answer) => (answer === 'NOT_LOADED' ? this.whenNotLoaded(definition) : answer)),
    );
  }

  /**
   * As `admit`, whatever the window and the pause, for users whom an operator names.
   *
   * @throws ReservationUnavailableError when Redis can't be asked
   */
  async admitAnyway(couponId: number, userIds: readonly number[]): Promise<Outcome[]> {
    const askedAt = this.metrics.now();
    const requests = userIds.map((userId) => ({ userId, askedAt }));
    const answers = await this.ask(couponId, requests, { ignoreWindow: true });
    if (answers.includes('NOT_LOADED')) this.rebuilds.start(couponId);
    return this.conclude(couponId, requests, answers);
  }

  /**
   * As `admitAnyway`, for one user: a failed reservation is tried again.
   *
   * @throws the refusal as its domain error; ReservationUnavailableError when Redis can't decide
   */
  async admitAgain(couponId: number, userId: number): Promise<Reservation> {
    const [outcome] = await this.admitAnyway(couponId, [userId]);
    if (outcome === undefined) throw new Error('reserve-coupon.lua left a user without a decision');
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  private async ask(
    couponId: number,
    requests: readonly ReserveRequest[],
    options?: { readonly ignoreWindow: boolean },
  ): Promise<Array<number | Refusal>> {
    this.faults.reach('before-reserve');
    try {
      const answers = await this.store.reserve(
        couponId,
        requests.map(({ userId }) => userId),
        options,
      );
      this.faults.reach('after-reserve');
      return answers;
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error;
      const failedAt = this.metrics.now();
      const unavailable = new ReservationUnavailableError(couponId, { cause: error });
      for (const { askedAt } of requests) {
        this.metrics.record('UNAVAILABLE', failedAt - askedAt);
        this.refusals.count(couponId, unavailable.code);
      }
      throw unavailable;
    }
  }

  /** Counts what Redis answered, and tells those who issue of whom it admitted. */
  private conclude(
    couponId: number,
    requests: readonly ReserveRequest[],
    answers: ReadonlyArray<number | Refusal>,
  ): Outcome[] {
    const answeredAt = this.metrics.now();
    const reservedAt = this.clock.now().getTime();
    const admitted: Reservation[] = [];
    const outcomes = answers.map((answer, index) => {
      const { userId, askedAt } = requests[index] as ReserveRequest;
      if (typeof answer === 'number') {
        this.metrics.record('RESERVED', answeredAt - askedAt);
        const reservation = { userId, sequenceNumber: answer, reservedAt };
        admitted.push(reservation);
        return reservation;
      }
      this.metrics.record(answer, answeredAt - askedAt);
      const refusal = refusalError(answer, couponId, userId);
      this.refusals.count(couponId, refusal.code);
      return refusal;
    });
    if (admitted.length > 0) this.events.publish(new CouponReservedEvent(couponId, admitted));
    return outcomes;
  }

  /** A coupon that has ended is not rebuilt; what is refused anyway is refused for its own reason. */
  private whenNotLoaded({ couponId, isActive, startsAt, expiresAt }: CouponDefinition): Refusal {
    const now = this.clock.now().getTime();
    if (now < expiresAt) this.rebuilds.start(couponId);
    if (!isActive) return 'INACTIVE';
    if (now < startsAt) return 'NOT_STARTED';
    return now < expiresAt ? 'NOT_LOADED' : 'EXPIRED';
  }
}
