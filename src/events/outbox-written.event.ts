declare module '../platform/events/domain-event.js' {
  interface EventMap {
    'outbox.written': OutboxWrittenEvent;
  }
}

/** There is something to tell, and it is committed: the relay need not wait for its next look. */
export class OutboxWrittenEvent {
  readonly type = 'outbox.written';
}
