import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { ValidationFailedError } from '../../platform/errors/platform.errors.js';
import { UserDirectory, UserNotFoundError } from '../../user/index.js';
import { CouponExpiredError, CouponInactiveError } from '../coupon.errors.js';
import { entryOpensAtOf } from '../entry-terms.js';
import type { CouponDefinition } from '../reservation/coupon-definition.js';
import { DefinitionCache } from '../reservation/definition-cache.js';
import { entryMoment } from './entry-moment.js';
import { EntrySeeds } from './entry-seeds.service.js';
import type { EntryTicketRequest } from './entry-ticket.schemas.js';
import { type EntryTicket, EntryTickets } from './entry-tickets.service.js';
import { EntryNotOpenError } from './entry.errors.js';
import { Turnstile } from './turnstile.service.js';

/** Where users get their entry tickets. */
@Injectable()
export class EntryDesk {
  constructor(
    private readonly definitions: DefinitionCache,
    private readonly users: UserDirectory,
    private readonly turnstile: Turnstile,
    private readonly seeds: EntrySeeds,
    private readonly tickets: EntryTickets,
    private readonly clock: Clock,
  ) {}

  /**
   * A ticket for the user's own moment, or for now when that has passed.
   *
   * @throws CouponNotFoundError, ValidationFailedError for a coupon that is open to everyone, UserNotFoundError,
   *   CouponInactiveError, EntryNotOpenError, CouponExpiredError, and what is wrong with the challenge, in this order
   */
  async give(couponId: number, { userId, challengeResponse }: EntryTicketRequest): Promise<EntryTicket> {
    const definition = await this.definitions.require(couponId);
    if (definition.entry === 'open') throw new ValidationFailedError([NEEDS_NONE]);
    const isOfAudience = definition.audience === 'anyone' || (await this.users.exists(userId));
    if (!isOfAudience) throw new UserNotFoundError(userId);
    assertGiven(definition, this.clock.now().getTime());
    if (definition.challenge === 'turnstile') {
      if (challengeResponse === undefined) throw new ValidationFailedError([NEEDS_RESPONSE]);
      await this.turnstile.verify(couponId, challengeResponse);
    }
    const moment = entryMoment(await this.seeds.of(couponId), userId, definition);
    return this.tickets.give(couponId, userId, Math.max(this.clock.now().getTime(), moment));
  }
}

const NEEDS_NONE = { path: 'couponId', message: 'is a coupon with entry: open, which is reserved without a ticket' };

const NEEDS_RESPONSE = {
  path: 'challengeResponse',
  message: 'is required, since the coupon has challenge: turnstile',
};

function assertGiven({ couponId, isActive, startsAt, expiresAt, entryOpensAt }: CouponDefinition, now: number): void {
  if (!isActive) throw new CouponInactiveError(couponId);
  const opensAt = entryOpensAtOf(startsAt, entryOpensAt);
  if (now < opensAt) throw new EntryNotOpenError(couponId, opensAt, now);
  if (now >= expiresAt) throw new CouponExpiredError(couponId);
}
