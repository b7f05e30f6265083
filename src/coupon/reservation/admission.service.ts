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

/** Redis admits: the one way to a slot of a coupon of the reservation strategy. */
@Injectable()
export class AdmissionService {
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
   * Reserves a slot; `always` ignores the window and the pause. When this resolves the saga has begun, and nothing of it
   * depends on the caller any more.
   *
   * @throws the refusal as its domain error; ReservationUnavailableError when Redis can't decide
   */
  async admit(definition: CouponDefinition, userId: number, { always = false } = {}): Promise<Reservation> {
    const { couponId } = definition;
    this.faults.reach('before-reserve');
    const askedAt = this.metrics.now();
    const answer = await this.reserve(couponId, userId, always, askedAt);
    if (typeof answer === 'string') throw this.refuse(answer, definition, userId, always, askedAt);
    this.faults.reach('after-reserve');
    const reservation = { userId, sequenceNumber: answer, reservedAt: this.metrics.record('RESERVED', askedAt) };
    this.events.emit(CouponReservedEvent.type, new CouponReservedEvent(couponId, reservation));
    return reservation;
  }

  private async reserve(couponId: number, userId: number, always: boolean, askedAt: number): Promise<number | Refusal> {
    try {
      return await this.store.reserve(couponId, userId, { always });
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error;
      this.metrics.record('UNAVAILABLE', askedAt);
      const unavailable = new ReservationUnavailableError(couponId, { cause: error });
      this.refusals.count(couponId, unavailable.code);
      throw unavailable;
    }
  }

  private refuse(refusal: Refusal, definition: CouponDefinition, userId: number, always: boolean, askedAt: number): Error {
    const seen = refusal === 'NOT_LOADED' ? this.whenNotLoaded(definition, always) : refusal;
    this.metrics.record(seen, askedAt);
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
