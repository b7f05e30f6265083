import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Outbox } from '../events/index.js';
import type { PaidOrder, RefundedOrder } from './order-events.js';

/** Says how a payment and a refund are told to other systems. */
@Injectable()
export class DescribeOrderEvents implements OnModuleInit {
  constructor(private readonly outbox: Outbox) {}

  onModuleInit(): void {
    this.outbox.describe<PaidOrder>('firstcome.order.paid', async ({ content, occurredAt }) => ({
      ...content,
      paidAt: occurredAt.toISOString(),
    }));
    this.outbox.describe<RefundedOrder>('firstcome.order.refunded', async ({ content, occurredAt }) => ({
      ...content,
      refundedAt: occurredAt.toISOString(),
    }));
  }
}
