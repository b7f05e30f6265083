import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';

/** What an operator sees of those who come in by ticket. */
@Injectable()
export class EntryMetrics {
  readonly tickets: Counter;
  readonly refusals: Counter<'reason'>;
  readonly challenges: Counter<'result'>;

  constructor(registry: MetricsRegistry) {
    this.tickets = registry.counter('firstcome_entry_tickets_total', 'Entry tickets that were given.');
    this.refusals = registry.counter(
      'firstcome_entry_refusals_total',
      'Reserves that were refused for their entry ticket, by reason.',
      'reason',
      ['ENTRY_TICKET_REQUIRED', 'ENTRY_TICKET_INVALID', 'ENTRY_TICKET_TOO_EARLY'],
    );
    this.challenges = registry.counter(
      'firstcome_challenges_total',
      'Challenges that were to be checked, by result; unavailable: whoever checks them could not be asked.',
      'result',
      ['passed', 'refused', 'unavailable'],
    );
  }
}
