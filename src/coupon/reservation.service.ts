import { Inject, Injectable } from '@nestjs/common';
import { type Caller, newcomerOf, type Profile } from '../identity/index.js';
import { Clock } from '../platform/clock.js';
import { CONFIG } from '../platform/config/config.module.js';
import { UserDirectory, UserNotFoundError } from '../user/index.js';
import type { CouponConfig } from './coupon.config.js';
import {
  CouponExpiredError,
  CouponInactiveError,
  CouponNotFoundError,
  CouponNotStartedError,
  IssuanceFailedError,
} from './coupon.errors.js';
import { EntryTickets } from './entry/entry-tickets.service.js';
import { ReservationWaiters } from './issuance/reservation-waiters.service.js';
import { LockIssuanceService } from './lock/lock-issuance.service.js';
import { type Issued, type IssuedRow, issued, type Reserved, reserved } from './reservation-view.js';
import type { CouponDefinition } from './reservation/coupon-definition.js';
import { DefinitionCache } from './reservation/definition-cache.js';
import { RefusalTally } from './reservation/refusal-tally.js';
import { ReserveBatcher } from './reservation/reserve-batcher.js';

/** What callers do with coupons: reserve one, or reserve one and wait until it is issued. */
@Injectable()
export class ReservationService {
  constructor(
    private readonly definitions: DefinitionCache,
    private readonly users: UserDirectory,
    private readonly tickets: EntryTickets,
    private readonly refusals: RefusalTally,
    private readonly batcher: ReserveBatcher,
    private readonly lockStrategy: LockIssuanceService,
    private readonly waiters: ReservationWaiters,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  /** Reserves a slot, without waiting for MySQL. Throws the refusals in the order of their codes in the API. */
  async reserve(couponId: number, userId: number, entryTicket?: string, caller?: Caller): Promise<Reserved> {
    const definition = await this.definitionFor(couponId, userId, entryTicket, caller);
    if (definition.strategy === 'lock') return reservedByLock(await this.lockStrategy.issue(couponId, userId));
    const { sequenceNumber } = await this.batcher.reserve(definition, userId);
    return reserved(couponId, userId, sequenceNumber);
  }

  /**
   * Reserves a slot and waits until its row is committed, at most `coupon.issueTimeoutMs`; then the issuance goes on.
   *
   * @throws IssuanceFailedError when the reservation failed for good
   */
  async issue(couponId: number, userId: number, entryTicket?: string, caller?: Caller): Promise<Issued | Reserved> {
    const definition = await this.definitionFor(couponId, userId, entryTicket, caller);
    if (definition.strategy === 'lock') return issued(await this.lockStrategy.issue(couponId, userId));
    const { issueTimeoutMs, issuance } = this.config.coupon;
    // Another instance may issue it, and be done before a subscription that begins later.
    if (issuance.transport === 'kafka') await this.waiters.prepare(couponId);
    const reservation = await this.batcher.reserve(definition, userId);
    // In time: the queue takes the first batch in a later turn of the event loop.
    const ended = await this.waiters.outcome(couponId, reservation, issueTimeoutMs);
    if (ended === undefined) return reserved(couponId, userId, reservation.sequenceNumber);
    if (ended.status === 'FAILED') throw new IssuanceFailedError(ended.failureReason);
    return issued({
      ...ended,
      couponId,
      couponName: definition.name,
      userId,
      issuedAt: new Date(ended.issuedAt),
      expiresAt: new Date(ended.expiresAt),
    });
  }

  /** The coupon's definition, for a user who may come in and belongs to its audience; from memory where that can tell. */
  private async definitionFor(couponId: number, userId: number, entryTicket?: string, caller?: Caller) {
    try {
      const definition = this.definitions.peek(couponId) ?? (await this.definitions.require(couponId));
      // First, since it costs nothing: whoever has no ticket does not make us ask MySQL for the user.
      this.tickets.check(definition, userId, entryTicket);
      const isOfAudience = definition.audience === 'anyone' || this.users.isKnown(userId);
      if (!isOfAudience) await this.assertRegistered(definition, userId, newcomerOf(caller, userId));
      return definition;
    } catch (error) {
      // Of a coupon that is not there nobody watches the refusals.
      if (!(error instanceof CouponNotFoundError)) this.refusals.countError(couponId, error);
      throw error;
    }
  }

  /** A newcomer is registered by asking, but not for a coupon that is closed: a crowd that comes in vain leaves no rows. */
  private async assertRegistered(definition: CouponDefinition, userId: number, newcomer?: Profile): Promise<void> {
    const refusal = newcomer && refusalWhileClosed(definition, this.clock.now().getTime());
    if (await this.users.exists(userId, refusal === undefined ? newcomer : undefined)) return;
    throw refusal ?? new UserNotFoundError(userId);
  }
}

/** As Redis would say it, or MySQL, who decide by their own clocks; here it only matters who is registered by asking. */
function refusalWhileClosed({ couponId, isActive, startsAt, expiresAt }: CouponDefinition, now: number) {
  if (!isActive) return new CouponInactiveError(couponId);
  if (now < startsAt) return new CouponNotStartedError(couponId);
  return now < expiresAt ? undefined : new CouponExpiredError(couponId);
}

function reservedByLock({ couponId, userId, sequenceNumber }: IssuedRow): Reserved {
  return { couponId, userId, sequenceNumber, status: 'ISSUED', message: `Issued: you are number ${sequenceNumber}.` };
}
