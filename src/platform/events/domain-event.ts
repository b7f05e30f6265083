/**
 * Something that has happened and is committed. Listeners subscribe to its type:
 * `@OnEvent(PaymentCompletedEvent.type)`.
 */
export interface DomainEvent {
  readonly type: string;
}
