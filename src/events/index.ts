export { EventRelayModule } from './event-relay.module.js';
export { Outbox } from './outbox.js';
export type { EventData, ToldEvent } from './told-event.js';
