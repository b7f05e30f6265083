import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { ReservationUnavailableError } from '../coupon.errors.js';
import type { WorkTime } from '../work-time.js';
import { AdmissionService, type Outcome } from './admission.service.js';
import { RebuildService } from './rebuild.service.js';

/** The most users whom one call of the script decides about, for which Redis does nothing else. */
export const BULK_SIZE = 500;

/** Between two attempts to load a coupon that is not. */
const RETRY_MS = 100;

/** Admits many users at once, whatever the window and the pause, by the script that admits everyone. */
@Injectable()
export class BulkAdmission {
  constructor(
    private readonly admission: AdmissionService,
    private readonly rebuilds: RebuildService,
  ) {}

  /**
   * Loads the coupon unless it is: also one that has ended, and was forgotten. It may fail; then {@link admit} says so.
   */
  async prepare(couponId: number): Promise<void> {
    await this.rebuilds.loadOrAwait(couponId);
  }

  /**
   * The outcome of each of the users, at most {@link BULK_SIZE}, in their order: a reservation, AlreadyIssuedError or
   * CouponSoldOutError.
   *
   * @throws ReservationUnavailableError when Redis can't be asked, or the coupon could not be loaded in time
   */
  async admit(couponId: number, userIds: readonly number[], time: WorkTime): Promise<Outcome[]> {
    for (;;) {
      const outcomes = await this.admission.admitAnyway(couponId, userIds);
      // All of them, or none: the script looks whether the coupon is loaded before it looks at the users.
      const notLoaded = outcomes.find((outcome) => outcome instanceof ReservationUnavailableError);
      if (notLoaded === undefined) return outcomes;
      if (time.isOver) throw notLoaded;
      await delay(RETRY_MS);
      await this.prepare(couponId);
    }
  }
}
