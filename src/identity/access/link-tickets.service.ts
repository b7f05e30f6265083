import { Inject, Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { Clock } from '../../platform/clock.js';
import { CONFIG } from '../../platform/config/config.module.js';
import type { IdentityConfig } from '../identity.config.js';
import { SignedTickets } from '../signed-tickets.js';

const LIFE_MS = 60_000;

/** For one GET of one path. */
export interface LinkTicket {
  readonly ticket: string;
  readonly expiresAt: Date;
}

/**
 * Credentials that stand in a URL, for what a browser opens without headers: an EventSource, a download. Each is for one
 * path and for a minute, since URLs are logged. All instances accept it if they have `identity.linkSecret`; without that
 * only the one that gave it.
 */
@Injectable()
export class LinkTickets {
  private readonly tickets: SignedTickets;

  constructor(
    @Inject(CONFIG) { identity }: IdentityConfig,
    private readonly clock: Clock,
  ) {
    this.tickets = new SignedTickets(identity.linkSecret ?? randomBytes(32).toString('base64url'));
  }

  give(path: string): LinkTicket {
    const notBefore = this.clock.now().getTime();
    const expiresAt = notBefore + LIFE_MS;
    return { ticket: this.tickets.sign(subjectOf(path), { notBefore, expiresAt }), expiresAt: new Date(expiresAt) };
  }

  isValid(ticket: string, path: string): boolean {
    const times = this.tickets.verify(ticket, subjectOf(path));
    return times !== undefined && this.clock.now().getTime() < times.expiresAt;
  }
}

function subjectOf(path: string): string {
  return `GET ${path}`;
}
