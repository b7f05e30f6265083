import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { UserCouponUsage } from '../coupon/index.js';
import { Outbox } from '../events/index.js';
import { Clock } from '../platform/clock.js';
import { CONFIG } from '../platform/config/config.module.js';
import type { PublishAfterCommit } from '../platform/database/transaction-runner.js';
import { FaultPoints } from '../platform/fault-points.js';
import type { AnswerOf } from '../platform/http/response-schemas.js';
import { IdempotencyService } from '../platform/idempotency/idempotency.service.js';
import { ProductService } from '../product/index.js';
import { BalanceService, PURCHASES } from '../user/index.js';
import { CancellationRepository } from './cancellation.repository.js';
import { refundedEvent } from './order-events.js';
import { OrderRefundedEvent } from './order-refunded.event.js';
import { orderView } from './order-view.js';
import type { OrderConfig } from './order.config.js';
import { OrderNotCancellableError, OrderNotFoundError, RefundPeriodOverError } from './order.errors.js';
import { OrderRepository } from './order.repository.js';
import type { cancellationResponse } from './order.responses.js';
import { type PayableOrder, PaymentRepository } from './payment.repository.js';

declare module '../platform/fault-points.js' {
  interface FaultPointNames {
    cancellation: 'inside-cancellation' | 'after-cancellation';
  }
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** A cancellation that has happened: the order as it is now, and what its user can spend. */
export type CancellationView = AnswerOf<typeof cancellationResponse>;

interface RefundableOrder extends PayableOrder {
  readonly orderId: number;
  readonly paidAt: Date;
}

/** Cancels orders, and refunds those that were paid. */
@Injectable()
export class CancellationService {
  private readonly refundMs: number;

  constructor(
    private readonly cancellations: CancellationRepository,
    private readonly payments: PaymentRepository,
    private readonly orders: OrderRepository,
    private readonly balances: BalanceService,
    private readonly products: ProductService,
    private readonly userCoupons: UserCouponUsage,
    private readonly idempotency: IdempotencyService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly faults: FaultPoints,
    @Inject(CONFIG) { order }: OrderConfig,
  ) {
    this.refundMs = order.refundDays * DAY_MS;
  }

  /**
   * Ends the order: all of it happens, or nothing. One that is not paid is CANCELLED. One that is paid is REFUNDED, within
   * `order.refundDays` of its payment: its user has the amount back, the stock its pieces, and the user coupon counts as not
   * used. Publishes {@link OrderRefundedEvent} once that is committed. Where nobody knows whether it was, the event is lost,
   * and the next reconcile of the ranking makes up for it; without a key, a cancellation that happened is refused as such.
   *
   * @throws OrderNotFoundError also for another user's order, OrderNotCancellableError, RefundPeriodOverError,
   *   BalanceFullError, IdempotencyKeyReusedError, IdempotencyInProgressError; nothing changes
   */
  async cancel(orderId: number, userId: number, key: string | undefined): Promise<CancellationView> {
    const request = {
      operation: 'cancel-order',
      owner: userId,
      key,
      request: { orderId, userId },
      connections: PURCHASES,
    };
    const cancellation = await this.idempotency.run(request, async (manager, publish) => {
      const ended = await this.end(manager, publish, orderId, userId);
      this.faults.reach('inside-cancellation');
      return ended;
    });
    this.faults.reach('after-cancellation');
    return cancellation;
  }

  /** The lock of the order's row decides between payments, cancellations and the expiry of the same order. */
  private async end(
    manager: EntityManager,
    publish: PublishAfterCommit,
    orderId: number,
    userId: number,
  ): Promise<CancellationView> {
    const order = await this.payments.lock(manager, orderId);
    if (order === undefined || order.userId !== userId) throw new OrderNotFoundError(orderId);
    const { status, paidAt } = order;
    if (status === 'PENDING') {
      // Somebody on another node was first. Nothing is done here yet, so that what the order is by now may decide.
      const isCancelled = await this.cancellations.markCancelled(manager, orderId, this.clock.now());
      if (!isCancelled) return await this.end(manager, publish, orderId, userId);
    } else if (status === 'PAID' && paidAt !== null) {
      await this.refund(manager, publish, { ...order, orderId, paidAt });
    } else {
      throw new OrderNotCancellableError(orderId, status);
    }
    return await this.view(manager, orderId, userId);
  }

  /** Takes its rows in the order in which a payment does: order, user, products by id, user coupon. So none deadlock. */
  private async refund(manager: EntityManager, publish: PublishAfterCommit, order: RefundableOrder): Promise<void> {
    const { orderId, orderNumber, userId, paidAt, items, totalAmount: refundedAmount, userCouponId } = order;
    const refundableUntil = new Date(paidAt.getTime() + this.refundMs);
    if (this.clock.now() > refundableUntil) throw new RefundPeriodOverError(orderId, refundableUntil);

    await this.balances.credit(manager, userId, refundedAmount, orderId);
    for (const { productId, quantity } of items) await this.products.putBackIntoStock(manager, productId, quantity);
    if (userCouponId !== null) await this.userCoupons.giveBack(manager, userCouponId);
    // Not before the waiting is over, so that the refunds of a time are all there soon after it.
    const refundedAt = this.clock.now();
    const position = await this.cancellations.markRefunded(manager, orderId, refundedAmount, refundedAt);
    // What is PAID becomes nothing else.
    if (position === undefined) throw new OrderNotCancellableError(orderId, 'REFUNDED');
    await this.outbox.write(manager, publish, [refundedEvent({ ...order, refundedAmount, refundedAt }, position)]);
    publish(new OrderRefundedEvent(orderId, orderNumber, paidAt, items));
  }

  private async view(manager: EntityManager, orderId: number, userId: number): Promise<CancellationView> {
    const order = await this.orders.find(orderId, manager);
    if (order === undefined) throw new OrderNotFoundError(orderId);
    const { balance } = await this.balances.get(userId, manager);
    return { ...orderView(order), remainingBalance: balance };
  }
}
