import { DomainError } from '../../platform/errors/domain-error.js';

declare module '../../platform/errors/error-codes.js' {
  interface ErrorCodes {
    entry:
      | 'ENTRY_TICKET_REQUIRED'
      | 'ENTRY_TICKET_INVALID'
      | 'ENTRY_TICKET_TOO_EARLY'
      | 'ENTRY_NOT_OPEN'
      | 'CHALLENGE_FAILED'
      | 'CHALLENGE_UNAVAILABLE';
  }
}

const MS_PER_SECOND = 1000;

/** The coupon is entered by ticket, and the request has none. */
export class EntryTicketRequiredError extends DomainError {
  constructor(couponId: number) {
    super(
      'ENTRY_TICKET_REQUIRED',
      `Coupon ${couponId} is entered by ticket: POST /api/coupons/${couponId}/entry-tickets gives one, for the header "Entry-Ticket".`,
      { couponId },
    );
  }
}

/** The ticket is none of this user for this coupon, or its time is over. */
export class EntryTicketInvalidError extends DomainError {
  /** @param problem what is wrong with it, after "The entry ticket" */
  constructor(couponId: number, userId: number, problem: string) {
    super(
      'ENTRY_TICKET_INVALID',
      `The entry ticket ${problem}. POST /api/coupons/${couponId}/entry-tickets gives another one.`,
      { couponId, userId },
    );
  }
}

/** The ticket is right, and the user's moment is still to come. */
export class EntryTicketTooEarlyError extends DomainError {
  override readonly retryAfterSeconds: number;

  constructor(couponId: number, notBefore: number, now: number) {
    super('ENTRY_TICKET_TOO_EARLY', `The entry ticket of coupon ${couponId} counts later. Its notBefore says when.`, {
      couponId,
      notBefore: new Date(notBefore),
    });
    this.retryAfterSeconds = secondsUntil(notBefore, now);
  }
}

/** Tickets of the coupon are given later. */
export class EntryNotOpenError extends DomainError {
  override readonly retryAfterSeconds: number;

  constructor(couponId: number, opensAt: number, now: number) {
    super(
      'ENTRY_NOT_OPEN',
      `Entry tickets of coupon ${couponId} are given later. Its entryOpensAt says from when on.`,
      {
        couponId,
        entryOpensAt: new Date(opensAt),
      },
    );
    this.retryAfterSeconds = secondsUntil(opensAt, now);
  }
}

/** Whoever checks challenges says that this one was not passed, or was shown before. */
export class ChallengeFailedError extends DomainError {
  constructor(couponId: number) {
    super('CHALLENGE_FAILED', 'The challenge was not passed, or its response was used before. Solve another one.', {
      couponId,
    });
  }
}

/** Whoever checks challenges could not be asked; nobody gets a ticket unchecked. */
export class ChallengeUnavailableError extends DomainError {
  override readonly retryAfterSeconds = 2;

  constructor(couponId: number, options?: ErrorOptions) {
    super(
      'CHALLENGE_UNAVAILABLE',
      'The challenge cannot be checked at the moment. Try again in two seconds.',
      { couponId },
      options,
    );
  }
}

/** Rounded up, so that whoever waits them is not early again. */
function secondsUntil(moment: number, now: number): number {
  return Math.max(1, Math.ceil((moment - now) / MS_PER_SECOND));
}
