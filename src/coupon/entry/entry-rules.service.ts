import { Inject, Injectable } from '@nestjs/common';
import type { IdentityConfig } from '../../identity/index.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { ValidationFailedError, type ValidationIssue } from '../../platform/errors/platform.errors.js';
import type { CouponConfig } from '../coupon.config.js';
import type { EntryTerms } from '../entry-terms.js';

/** Which terms of entry this installation can keep. */
@Injectable()
export class EntryRules {
  constructor(@Inject(CONFIG) private readonly config: CouponConfig & IdentityConfig) {}

  /** Looks at what is named alone. @throws ValidationFailedError naming what has to be set for it */
  assertKeepable({ entry, challenge }: Partial<Pick<EntryTerms, 'entry' | 'challenge'>>): void {
    const { profile, identity, entryTickets } = this.config;
    const { secret, turnstile } = entryTickets;
    const issues: ValidationIssue[] = [];
    if (entry === 'ticket' && secret === undefined)
      issues.push(needs('entry', 'entryTickets.secret (ENTRY_TICKET_SECRET) to be set'));
    // Whoever may name any user could fetch a ticket for each, and take the earliest.
    if (entry === 'ticket' && profile === 'production' && identity.mode !== 'required') {
      issues.push(needs('entry', 'identity.mode (IDENTITY_MODE) to be required'));
    }
    if (challenge === 'turnstile' && turnstile.secretKey === undefined) {
      issues.push(needs('challenge', 'entryTickets.turnstile.secretKey (ENTRY_TICKET_TURNSTILE_SECRET_KEY) to be set'));
    }
    if (issues.length > 0) throw new ValidationFailedError(issues);
  }
}

function needs(path: string, setting: string): ValidationIssue {
  return { path, message: `needs the setting ${setting}` };
}
