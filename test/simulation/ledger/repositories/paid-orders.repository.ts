import type { PaidOrder, PaidOrders, ProductSales, SoldOrder } from '../../../../src/order/paid-orders.repository.js';
import { reading } from '../statement.js';
import type { View } from '../view.js';
import type { PublicPart, StatementRunner } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedPaidOrders implements PublicPart<PaidOrders> {
  constructor(private readonly outside: StatementRunner) {}

  async between(
    from: Date,
    to: Date,
    limit: number,
    after?: Pick<PaidOrder, 'orderId' | 'paidAt'>,
  ): Promise<PaidOrder[]> {
    return await this.outside.run(
      reading('paidOrders.between', (view) =>
        paidIn(view, after?.paidAt ?? from, to)
          .filter(({ orderId, paidAt }) => after === undefined || paidAt > after.paidAt || orderId > after.orderId)
          .sort((a, b) => a.paidAt.getTime() - b.paidAt.getTime() || a.orderId - b.orderId)
          .slice(0, limit),
      ),
    );
  }

  async itemsOf(orders: ReadonlyArray<Omit<PaidOrder, 'paidAt'>>): Promise<SoldOrder[]> {
    if (orders.length === 0) return [];
    const asked = new Map(orders.map(({ orderId, orderNumber }) => [orderId, orderNumber]));
    return await this.outside.run(
      reading('paidOrders.itemsOf', (view) =>
        [...asked]
          .map(([orderId, orderNumber]) => {
            const items = view
              .rowsOf(view.tables.orderItems.byProduct, orderId)
              .map(({ productId, quantity }) => ({ productId, quantity }))
              .sort((a, b) => a.productId - b.productId);
            return { orderNumber, items };
          })
          .filter(({ items }) => items.length > 0),
      ),
    );
  }

  async totalsBetween(from: Date, to: Date, limit: number): Promise<ProductSales[]> {
    return await this.outside.run(
      reading('paidOrders.totalsBetween', (view) => {
        const sales = new Map<number, number>();
        for (const { orderId } of paidIn(view, from, to)) {
          for (const { productId, quantity } of view.rowsOf(view.tables.orderItems.byProduct, orderId))
            sales.set(productId, (sales.get(productId) ?? 0) + quantity);
        }
        return [...sales]
          .map(([productId, salesCount]) => ({ productId, salesCount }))
          .sort((a, b) => b.salesCount - a.salesCount || a.productId - b.productId)
          .slice(0, limit);
      }),
    );
  }
}

function paidIn(view: View, from: Date, to: Date): PaidOrder[] {
  return view
    .rows(view.tables.orders.byId)
    .flatMap(({ id, orderNumber, status, paidAt }) =>
      status === 'PAID' && paidAt !== null ? [{ orderId: id, orderNumber, paidAt }] : [],
    )
    .filter(({ paidAt }) => paidAt >= from && paidAt < to);
}
