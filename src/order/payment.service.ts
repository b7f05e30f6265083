import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { UserCouponUsage } from '../coupon/index.js';
import { Outbox } from '../events/index.js';
import { Clock } from '../platform/clock.js';
import type { PublishAfterCommit } from '../platform/database/transaction-runner.js';
import { FaultPoints } from '../platform/fault-points.js';
import type { AnswerOf } from '../platform/http/response-schemas.js';
import { IdempotencyService } from '../platform/idempotency/idempotency.service.js';
import { ProductService } from '../product/index.js';
import { BalanceService, PURCHASES } from '../user/index.js';
import { unmetCondition } from './coupon-conditions.js';
import { paidEvents } from './order-events.js';
import {
  CouponConditionsNotMetError,
  CouponNotUsableError,
  OrderAlreadyPaidError,
  OrderNotFoundError,
  paymentRefusal,
} from './order.errors.js';
import { OrderRepository } from './order.repository.js';
import type { paymentResponse } from './order.responses.js';
import { PaymentCompletedEvent } from './payment-completed.event.js';
import { PaymentRepository } from './payment.repository.js';

declare module '../platform/fault-points.js' {
  interface FaultPointNames {
    payment: 'inside-payment' | 'after-payment';
  }
}

/** A payment that has happened. Its time is text, since the answer is stored under the idempotency key. */
export type PaymentView = AnswerOf<typeof paymentResponse>;

/** Pays orders. */
@Injectable()
export class PaymentService {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly orders: OrderRepository,
    private readonly balances: BalanceService,
    private readonly products: ProductService,
    private readonly userCoupons: UserCouponUsage,
    private readonly idempotency: IdempotencyService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly faults: FaultPoints,
  ) {}

  /**
   * Pays the order from the balance of its user: all of it happens, or nothing. Publishes {@link PaymentCompletedEvent}
   * once that is committed. Where nobody knows whether it was, the event is lost, and the next reconcile of the ranking
   * makes up for it; without a key, a payment that happened is refused as already paid.
   *
   * @throws OrderNotFoundError also for another user's order, OrderAlreadyPaidError, OrderExpiredError,
   *   OrderNotPayableError once it was cancelled, InsufficientBalanceError, OutOfStockError, CouponNotUsableError, IdempotencyKeyReusedError, IdempotencyInProgressError; nothing changes
   */
  async pay(orderId: number, userId: number, key: string | undefined): Promise<PaymentView> {
    const request = {
      operation: 'pay-order',
      owner: userId,
      key,
      request: { orderId, userId },
      connections: PURCHASES,
    };
    const payment = await this.idempotency.run(request, async (manager, publish) => {
      const paid = await this.settle(manager, publish, orderId, userId);
      this.faults.reach('inside-payment');
      return paid;
    });
    this.faults.reach('after-payment');
    return payment;
  }

  /** Every payment takes its rows in this order (order, user, products by id, user coupon), so that none deadlock. */
  private async settle(
    manager: EntityManager,
    publish: PublishAfterCommit,
    orderId: number,
    userId: number,
  ): Promise<PaymentView> {
    const order = await this.payments.lock(manager, orderId);
    if (order === undefined || order.userId !== userId) throw new OrderNotFoundError(orderId);
    if (order.status !== 'PENDING') throw paymentRefusal(orderId, order.status);
    const { orderNumber, items, totalAmount: paidAmount, userCouponId, couponId } = order;

    if (userCouponId !== null) await this.assertUsable(manager, orderId, userCouponId);
    const remainingBalance = await this.balances.debit(manager, userId, paidAmount, orderId);
    for (const { productId, quantity } of items) await this.products.takeFromStock(manager, productId, quantity);
    // Not before the waiting is over: the day of the sale is the one in which it happens.
    const paidAt = this.clock.now();
    if (userCouponId !== null) await this.use(manager, userCouponId, paidAt);
    const paid = { orderId, orderNumber, userId, paidAmount, paidAt, items };
    const used = userCouponId === null ? undefined : { userCouponId, couponId: couponId ?? undefined };
    const lastPosition = await this.payments.markPaid(manager, orderId, paidAt, used === undefined ? 1 : 2);
    if (lastPosition === undefined) throw new OrderAlreadyPaidError(orderId);
    await this.outbox.write(manager, publish, paidEvents(paid, used, lastPosition));
    publish(new PaymentCompletedEvent(orderId, orderNumber, paidAt, items));
    return { orderId, paidAmount, remainingBalance, status: 'PAID', paidAt: paidAt.toISOString() };
  }

  /**
   * Conditions may have become tighter since the order was made: they are asked for its own prices, and its amounts stay.
   * Here, since later on the rows are locked for which others wait.
   */
  private async assertUsable(manager: EntityManager, orderId: number, userCouponId: number): Promise<void> {
    const coupon = await this.userCoupons.findById(manager, userCouponId, this.clock.now());
    if (typeof coupon === 'string') throw new CouponNotUsableError(coupon, { userCouponId });
    if (coupon.minOrderAmount === null && coupon.productIds === null) return;
    const order = await this.orders.find(orderId, manager);
    const unmet = unmetCondition(order?.items ?? [], coupon);
    if (unmet !== undefined) throw new CouponConditionsNotMetError(unmet, { userCouponId });
  }

  private async use(manager: EntityManager, userCouponId: number, usedAt: Date): Promise<void> {
    const reason = await this.userCoupons.use(manager, userCouponId, usedAt);
    if (reason !== undefined) throw new CouponNotUsableError(reason, { userCouponId });
  }
}
