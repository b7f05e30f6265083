import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../platform/clock.js';
import { TransactionRunner } from '../platform/database/transaction-runner.js';
import { pageOf } from '../platform/http/page.js';
import type { AnswerOf } from '../platform/http/response-schemas.js';
import { IdempotencyService } from '../platform/idempotency/idempotency.service.js';
import { PURCHASES, UserDirectory, UserNotFoundError } from '../user/index.js';
import { OrderNumbers } from './order-number.js';
import { OrderPricing } from './order-pricing.service.js';
import { linesView, orderView, type OrderView } from './order-view.js';
import { OrderNotFoundError } from './order.errors.js';
import type { NewOrder, Order } from './order.js';
import { OrderRepository } from './order.repository.js';
import type { orderListResponse, quoteResponse } from './order.responses.js';
import type { OrderDraft, OrdersQuery } from './order.schemas.js';

/** A second collision in a row is a chance of one in billions; more of them are a fault. */
const NUMBER_ATTEMPTS = 5;

/** How an order begins. */
const NOT_PAID = {
  status: 'PENDING',
  paidAt: null,
  cancelledAt: null,
  refundedAt: null,
  refundedAmount: null,
} as const;

/** A page of orders; `nextCursor` is null on the last one. */
export type OrderPage = AnswerOf<typeof orderListResponse>;

/** What an order would cost. */
export type QuoteView = AnswerOf<typeof quoteResponse>;

/** Creates and shows orders, and says what they would cost. */
@Injectable()
export class OrderService {
  constructor(
    private readonly orders: OrderRepository,
    private readonly numbers: OrderNumbers,
    private readonly users: UserDirectory,
    private readonly pricing: OrderPricing,
    private readonly transactions: TransactionRunner,
    private readonly idempotency: IdempotencyService,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates the order, PENDING, at the prices of this moment, once for each idempotency key. Nothing is taken yet:
   * balance, stock and user coupon are decided by the payment.
   *
   * @throws UserNotFoundError, ProductNotFoundError, CouponNotUsableError, CouponConditionsNotMetError,
   *   ValidationFailedError when it costs more than can be counted, IdempotencyKeyReusedError, IdempotencyInProgressError
   */
  async create(draft: OrderDraft, key: string | undefined): Promise<OrderView> {
    if (!(await this.users.exists(draft.userId))) throw new UserNotFoundError(draft.userId);
    const request = { operation: 'create-order', owner: draft.userId, key, request: draft, connections: PURCHASES };
    return await this.idempotency.run(request, async (manager) => orderView(await this.insert(manager, draft)));
  }

  /**
   * What the order would cost if it were placed now; nothing is stored.
   *
   * @throws as {@link create}, but for idempotency keys
   */
  async quote(draft: OrderDraft): Promise<QuoteView> {
    if (!(await this.users.exists(draft.userId))) throw new UserNotFoundError(draft.userId);
    const { items, subtotalAmount, discountAmount, totalAmount } = await this.transactions.run((manager) =>
      this.pricing.price(manager, draft, this.clock.now()),
    );
    return { items: linesView(items), subtotalAmount, discountAmount, totalAmount };
  }

  /**
   * The order; of the user `userId` only, where one is given.
   *
   * @throws OrderNotFoundError
   */
  async get(orderId: number, userId: number | undefined): Promise<OrderView> {
    const order = await this.orders.find(orderId);
    if (order === undefined || (userId !== undefined && order.userId !== userId)) throw new OrderNotFoundError(orderId);
    return orderView(order);
  }

  /** The user's orders, newest first; an empty page for a user who has none, registered or not. */
  async list(query: OrdersQuery): Promise<OrderPage> {
    const found = await this.orders.findPageOfUser({ ...query, limit: query.limit + 1 });
    const { page, nextCursor } = pageOf(found, query.limit, (last) => [last.createdAt.getTime(), last.orderId]);
    return { orders: page.map(orderView), nextCursor };
  }

  private async insert(manager: EntityManager, draft: OrderDraft): Promise<Order> {
    const createdAt = this.clock.now();
    const priced = await this.pricing.price(manager, draft, createdAt);
    const { userId } = draft;
    for (let attempt = 1; attempt <= NUMBER_ATTEMPTS; attempt += 1) {
      const orderNumber = this.numbers.draw(createdAt);
      const order: NewOrder = { orderNumber, userId, ...priced, createdAt };
      const orderId = await this.orders.insert(manager, order);
      if (orderId !== undefined) return { ...order, orderId, ...NOT_PAID };
    }
    throw new Error(`${NUMBER_ATTEMPTS} order numbers in a row were taken`);
  }
}
