import { Inject, Injectable, Logger } from '@nestjs/common';
import { SignedTickets } from '../../identity/index.js';
import { Clock } from '../../platform/clock.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { LogLimit } from '../../platform/logging/log-limit.js';
import type { CouponConfig } from '../coupon.config.js';
import { ReservationUnavailableError } from '../coupon.errors.js';
import type { CouponDefinition } from '../reservation/coupon-definition.js';
import { EntryMetrics } from './entry-metrics.js';
import { EntryTicketInvalidError, EntryTicketRequiredError, EntryTicketTooEarlyError } from './entry.errors.js';

const LIFE_MS = 600_000;
const LINES = { lines: 1, intervalMs: 60_000 };

/** What lets one user reserve one coupon, from a moment on and for ten minutes. */
export interface EntryTicket {
  readonly ticket: string;
  readonly notBefore: Date;
  readonly expiresAt: Date;
}

/** What a ticket means: it is given and checked without asking anyone, so that it costs a reserve next to nothing. */
@Injectable()
export class EntryTickets {
  private readonly logger = new Logger('EntryTickets');
  private readonly signed: SignedTickets | undefined;
  private readonly withoutSecret = new LogLimit(LINES, (count) =>
    this.logger.error(`${count} more calls needed entryTickets.secret`),
  );

  constructor(
    private readonly clock: Clock,
    private readonly metrics: EntryMetrics,
    @Inject(CONFIG) { entryTickets: { secret, previousSecret } }: CouponConfig,
  ) {
    this.signed = secret === undefined ? undefined : new SignedTickets(secret, previousSecret);
  }

  /** @param notBefore from when on it counts, in ms since 1970 */
  give(couponId: number, userId: number, notBefore: number): EntryTicket {
    const expiresAt = notBefore + LIFE_MS;
    const ticket = this.signedFor(couponId).sign(subjectOf(couponId, userId), { notBefore, expiresAt });
    this.metrics.tickets.inc();
    return { ticket, notBefore: new Date(notBefore), expiresAt: new Date(expiresAt) };
  }

  /**
   * Lets the user in who has a ticket for this coupon, where the coupon asks for one.
   *
   * @throws EntryTicketRequiredError, EntryTicketInvalidError, EntryTicketTooEarlyError, in this order;
   *   ReservationUnavailableError where the secret is missing
   */
  check(definition: CouponDefinition, userId: number, ticket: string | undefined): void {
    if (definition.entry === 'open') return;
    const refusal = this.refusalOf(definition, userId, ticket);
    if (refusal === undefined) return;
    this.metrics.refusals.inc({ reason: refusal.code });
    throw refusal;
  }

  private refusalOf({ couponId, startsAt }: CouponDefinition, userId: number, ticket: string | undefined) {
    const invalid = (problem: string) => new EntryTicketInvalidError(couponId, userId, problem);
    if (!ticket) return new EntryTicketRequiredError(couponId);
    const times = this.signedFor(couponId).verify(ticket, subjectOf(couponId, userId));
    if (times === undefined) return invalid(`is none of user ${userId} for coupon ${couponId}`);
    const now = this.clock.now().getTime();
    if (now >= times.expiresAt) return invalid('has expired');
    // With it one would be in at the new start, before everyone whose moment is still to come.
    if (times.notBefore < startsAt) return invalid('is from before the start was moved');
    return now < times.notBefore ? new EntryTicketTooEarlyError(couponId, times.notBefore, now) : undefined;
  }

  /** A coupon by ticket is not created without the secret; it may be gone since, or be missing at this instance. */
  private signedFor(couponId: number): SignedTickets {
    if (this.signed !== undefined) return this.signed;
    this.withoutSecret.write(() =>
      this.logger.error(
        `coupon ${couponId} is entered by ticket, but entryTickets.secret (ENTRY_TICKET_SECRET) is missing`,
      ),
    );
    throw new ReservationUnavailableError(couponId);
  }
}

function subjectOf(couponId: number, userId: number): string {
  return `entry:${couponId}:${userId}`;
}
