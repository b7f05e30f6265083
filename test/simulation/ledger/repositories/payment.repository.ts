import type { EntityManager } from 'typeorm';
import type { PayableOrder, PaymentRepository } from '../../../../src/order/payment.repository.js';
import { locking } from '../statement.js';
import { type PublicPart, runnerOf } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedPaymentRepository implements PublicPart<PaymentRepository> {
  async lock(manager: EntityManager, orderId: number): Promise<PayableOrder | undefined> {
    return await runnerOf(manager).run(
      locking('payment.lock', function* (view) {
        const order = yield* view.lock(view.tables.orders.byId, [orderId]);
        if (order === undefined) return undefined;
        const rows = yield* view.lockAll(view.tables.orderItems.byProduct, orderId);
        const { orderNumber, userId, status, paidAt, totalAmount, userCouponId } = order;
        const held = userCouponId === null ? undefined : view.find(view.tables.userCoupons.byId, [userCouponId]);
        const couponId = held?.couponId ?? null;
        const items = rows.map(({ productId, quantity }) => ({ productId, quantity }));
        // An order without items is not in the join.
        if (items.length === 0) return undefined;
        return { orderNumber, userId, status, paidAt, totalAmount, userCouponId, couponId, items };
      }),
    );
  }

  async markPaid(manager: EntityManager, orderId: number, paidAt: Date, events: number): Promise<number | undefined> {
    return await runnerOf(manager).run(
      locking('payment.markPaid', function* (view) {
        let eventPosition: number | undefined;
        yield* view.update(view.tables.orders.byId, [orderId], (order) => {
          if (order.status !== 'PENDING') return undefined;
          eventPosition = order.eventPosition + events;
          return { ...order, status: 'PAID' as const, paidAt, eventPosition };
        });
        return eventPosition;
      }),
    );
  }
}
