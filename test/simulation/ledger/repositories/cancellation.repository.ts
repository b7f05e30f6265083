import type { EntityManager } from 'typeorm';
import type { CancellationRepository } from '../../../../src/order/cancellation.repository.js';
import { locking } from '../statement.js';
import { type PublicPart, runnerOf } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedCancellationRepository implements PublicPart<CancellationRepository> {
  async markCancelled(manager: EntityManager, orderId: number, cancelledAt: Date): Promise<boolean> {
    return await runnerOf(manager).run(
      locking('cancellation.markCancelled', (view) =>
        view.update(view.tables.orders.byId, [orderId], (order) =>
          order.status === 'PENDING' ? { ...order, status: 'CANCELLED' as const, cancelledAt } : undefined,
        ),
      ),
    );
  }

  async markRefunded(
    manager: EntityManager,
    orderId: number,
    refundedAmount: number,
    refundedAt: Date,
  ): Promise<number | undefined> {
    return await runnerOf(manager).run(
      locking('cancellation.markRefunded', function* (view) {
        let eventPosition: number | undefined;
        yield* view.update(view.tables.orders.byId, [orderId], (order) => {
          if (order.status !== 'PAID') return undefined;
          eventPosition = order.eventPosition + 1;
          return { ...order, status: 'REFUNDED' as const, refundedAmount, refundedAt, eventPosition };
        });
        return eventPosition;
      }),
    );
  }
}
