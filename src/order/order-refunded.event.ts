import type { SoldItem } from './payment-completed.event.js';

declare module '../platform/events/domain-event.js' {
  interface EventMap {
    'order.refunded': OrderRefundedEvent;
  }
}

/** A paid order was given back and that is committed; never published for a refund that was rolled back. */
export class OrderRefundedEvent {
  readonly type = 'order.refunded';

  constructor(
    readonly orderId: number,
    /** Unlike the id never given again, also when MySQL was restored. */
    readonly orderNumber: string,
    /** When it had been paid: the refund counts for the day of the sale. */
    readonly paidAt: Date,
    readonly items: readonly SoldItem[],
  ) {}
}
