import { Module } from '@nestjs/common';
import { OutboxRepository } from './outbox.repository.js';
import { Outbox } from './outbox.js';

/** What the modules that decide write to. */
const OUTBOX = [Outbox, OutboxRepository];

/** Everything that the module is made of, besides its controllers. */
export const EVENT_RELAY_PROVIDERS = [...OUTBOX];

/** Tells other systems what the ledger decided: an outbox beside the decisions, and what hands it on. */
@Module({ providers: EVENT_RELAY_PROVIDERS, exports: [Outbox] })
export class EventRelayModule {}
