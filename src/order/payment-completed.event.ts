/** How many pieces of a product an order took. */
export interface SoldItem {
  readonly productId: number;
  readonly quantity: number;
}

declare module '../platform/events/domain-event.js' {
  interface EventMap {
    'payment.completed': PaymentCompletedEvent;
  }
}

/** An order is paid and committed; never published for a payment that was rolled back. */
export class PaymentCompletedEvent {
  readonly type = 'payment.completed';

  constructor(
    readonly orderId: number,
    /** Unlike the id never given again, also when MySQL was restored. */
    readonly orderNumber: string,
    readonly paidAt: Date,
    readonly items: readonly SoldItem[],
  ) {}
}
