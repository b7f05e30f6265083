import { Injectable } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { Clock } from '../../platform/clock.js';
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
import type { Refusal, Reservation } from './reservation.js';
import { type ReserveRequest, ReserveBatcher } from './reserve-batcher.js';

/** Redis admits: the one way to a slot of a coupon of the reservation strategy. */
@Injectable()
export class AdmissionService {
  private readonly batcher = new ReserveBatcher((...asked) => this.decide(...asked));

  constructor(
    private readonly store: AdmissionStore,
    private readonly rebuilds: RebuildService,
    private readonly events: EventEmitter2,
    private readonly metrics: ReservationMetrics,
    private readonly refusals: RefusalTally,
    private readonly clock: Clock,
    private readonly faults: FaultPoints,
  ) {}

  /**
   * Reserves a slot; `always` ignores the window and the pause. When this resolves the saga has begun, and nothing of
   * it depends on the caller any more.
   *
   * @throws the refusal as its domain error; ReservationUnavailableError when Redis can't decide
   */
  admit(definition: CouponDefinition, userId: number, { always = false } = {}): Promise<Reservation> {
    this.faults.reach('before-reserve');
    return this.batcher.ask(definition, { userId, askedAt: this.metrics.now() }, always);
  }

  /** Has Redis decide about users who asked at the same time, and starts the issuance of those whom it admitted. */
  private async decide(
    definition: CouponDefinition,
    asking: readonly ReserveRequest[],
    always: boolean,
  ): Promise<Array<Reservation | Error>> {
    const { couponId } = definition;
    const answers = await this.reserve(couponId, asking, always);
    this.faults.reach('after-reserve');
    const answeredAt = this.metrics.now();
    const admitted: Reservation[] = [];
    const outcomes = answers.map((answer, index) => {
      const { userId, askedAt } = asking[index] as ReserveRequest;
      if (typeof answer === 'string') return this.refuse(answer, definition, userId, always, answeredAt - askedAt);
      this.metrics.record('RESERVED', answeredAt - askedAt);
      const reservation = { userId, sequenceNumber: answer, reservedAt: answeredAt };
      admitted.push(reservation);
      return reservation;
    });
    if (admitted.length > 0) this.events.emit(CouponReservedEvent.type, new CouponReservedEvent(couponId, admitted));
    return outcomes;
  }

  private async reserve(
    couponId: number,
    asking: readonly ReserveRequest[],
    always: boolean,
  ): Promise<Array<number | Refusal>> {
    try {
      return await this.store.reserve(
        couponId,
        asking.map(({ userId }) => userId),
        { always },
      );
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error;
      const failedAt = this.metrics.now();
      const unavailable = new ReservationUnavailableError(couponId, { cause: error });
      for (const { askedAt } of asking) {
        this.metrics.record('UNAVAILABLE', failedAt - askedAt);
        this.refusals.count(couponId, unavailable.code);
      }
      throw unavailable;
    }
  }

  private refuse(
    refusal: Refusal,
    definition: CouponDefinition,
    userId: number,
    always: boolean,
    durationMs: number,
  ): Error {
    const seen = refusal === 'NOT_LOADED' ? this.whenNotLoaded(definition, always) : refusal;
    this.metrics.record(seen, durationMs);
    const error = refusalError(seen, definition.couponId, userId);
    this.refusals.count(definition.couponId, error.code);
    return error;
  }

  /** A coupon that has ended is not rebuilt; what is refused anyway is refused for its own reason. */
  private whenNotLoaded({ couponId, isActive, startsAt, expiresAt }: CouponDefinition, always: boolean): Refusal {
    const now = this.clock.now().getTime();
    if (always || now < expiresAt) this.rebuilds.start(couponId);
    if (always) return 'NOT_LOADED';
    if (!isActive) return 'INACTIVE';
    if (now < startsAt) return 'NOT_STARTED';
    return now < expiresAt ? 'NOT_LOADED' : 'EXPIRED';
  }
}
