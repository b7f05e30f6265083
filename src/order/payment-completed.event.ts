import type { DomainEvent } from '../platform/events/domain-event.js';

/** How many pieces of a product an order took. */
export interface SoldItem {
  readonly productId: number;
  readonly quantity: number;
}

/** An order is paid and committed; never published for a payment that was rolled back. */
export class PaymentCompletedEvent implements DomainEvent {
  static readonly type = 'payment.completed';
  readonly type = PaymentCompletedEvent.type;

  constructor(
    readonly orderId: number,
    readonly paidAt: Date,
    readonly items: readonly SoldItem[],
  ) {}
}
