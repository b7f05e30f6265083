export { EventRelayModule } from './event-relay.module.js';
export { Outbox } from './outbox.js';
export { RelayLease } from './relay/relay-lease.service.js';
export type { EventData, ToldEvent } from './told-event.js';
