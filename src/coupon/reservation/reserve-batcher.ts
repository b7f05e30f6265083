import { Injectable } from '@nestjs/common';
import { AdmissionService } from './admission.service.js';
import type { CouponDefinition } from './coupon-definition.js';
import { ReservationMetrics } from './reservation-metrics.js';
import type { Reservation, ReserveRequest } from './reservation.js';

interface Waiting extends ReserveRequest {
  readonly resolve: (reservation: Reservation) => void;
  readonly reject: (reason: unknown) => void;
}

/** Short enough for Redis not to be busy with one script for longer than a fraction of a millisecond. */
const MAX_USERS = 200;

/**
 * Brings together the users who ask for a coupon in one turn of the event loop, so that they share one script call: a
 * command costs this process and Redis more than the decision about one more user in it. Nobody waits for a timer.
 */
@Injectable()
export class ReserveBatcher {
  private readonly open = new Map<number, Waiting[]>();

  constructor(
    private readonly admission: AdmissionService,
    private readonly metrics: ReservationMetrics,
  ) {}

  /**
   * Reserves a slot. When this resolves the saga has begun, and nothing of it depends on the caller any more.
   *
   * @throws the refusal as its domain error; ReservationUnavailableError when Redis can't decide
   */
  reserve(definition: CouponDefinition, userId: number): Promise<Reservation> {
    return new Promise((resolve, reject) => {
      const batch = this.open.get(definition.couponId) ?? this.begin(definition);
      batch.push({ userId, askedAt: this.metrics.now(), resolve, reject });
      if (batch.length >= MAX_USERS) this.open.delete(definition.couponId);
    });
  }

  private begin(definition: CouponDefinition): Waiting[] {
    const { couponId } = definition;
    const batch: Waiting[] = [];
    this.open.set(couponId, batch);
    setImmediate(() => {
      if (this.open.get(couponId) === batch) this.open.delete(couponId);
      void this.admit(definition, batch);
    });
    return batch;
  }

  private async admit(definition: CouponDefinition, batch: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.admission.admit(definition, batch);
      batch.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index] ?? new Error('a user was left without a decision');
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
