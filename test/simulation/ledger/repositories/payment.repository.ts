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
        const { orderNumber, userId, status, totalAmount, userCouponId } = order;
        const items = rows.map(({ productId, quantity }) => ({ productId, quantity }));
        // An order without items is not in the join.
        return items.length === 0 ? undefined : { orderNumber, userId, status, totalAmount, userCouponId, items };
      }),
    );
  }

  async markPaid(manager: EntityManager, orderId: number, paidAt: Date): Promise<boolean> {
    return await runnerOf(manager).run(
      locking('payment.markPaid', (view) =>
        view.update(view.tables.orders.byId, [orderId], (order) =>
          order.status === 'PENDING' ? { ...order, status: 'PAID' as const, paidAt } : undefined,
        ),
      ),
    );
  }
}
