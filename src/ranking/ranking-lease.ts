import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../platform/config/config.module.js';
import { BusinessCalendar } from './business-calendar.js';
import type { BusinessDay } from './business-day.js';
import type { RankingConfig } from './ranking.config.js';

/** For so many intervals a reconcile vouches for today: one may fail, and the next one be late. */
const LEASE_INTERVALS = 3;

/** Of which time numbers from Redis are. */
export interface Validity {
  readonly asOf: Date;
  /**
   * Undefined while the numbers are good. Since then nobody vouches for them: sales before the question may be missing,
   * though none before `asOf`. Until then they were shown as of now.
   */
  readonly expiredAt: Date | undefined;
}

/**
 * For how long the numbers of today in Redis are good without another reconcile: an instance that Redis refuses counts
 * nothing, and only a reconcile by another one makes up for it. A past day was reconciled after its end, so it is good
 * for ever.
 */
@Injectable()
export class RankingLease {
  private readonly leaseMs: number;

  constructor(
    private readonly calendar: BusinessCalendar,
    @Inject(CONFIG) config: RankingConfig,
  ) {
    this.leaseMs = LEASE_INTERVALS * config.ranking.reconcile.intervalMs;
  }

  /** Judges what Redis has answered of the day when it was asked at `askedAt`. */
  validityOf(day: BusinessDay, askedAt: Date, reconciledMsAgo: number): Validity {
    const isExpired = day === this.calendar.today() && reconciledMsAgo > this.leaseMs;
    if (!isExpired) return { asOf: askedAt, expiredAt: undefined };
    const reconciledAt = askedAt.getTime() - reconciledMsAgo;
    return { asOf: new Date(reconciledAt), expiredAt: new Date(reconciledAt + this.leaseMs) };
  }
}
