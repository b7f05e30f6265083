import type {
  PaidOrder,
  PaidOrders,
  ProductSales,
  RefundedOrder,
  RefundedSales,
  SoldOrder,
} from '../../../../src/order/paid-orders.repository.js';
import { reading } from '../statement.js';
import type { View } from '../view.js';
import type { PublicPart, StatementRunner } from './statement-runner.js';

const QUARTER_MS = 15 * 60_000;

type RefundPosition = Pick<RefundedOrder, 'orderId' | 'paidAt' | 'refundedAt'>;

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
      reading('paidOrders.between', (view) => pageOf(ordersIn(view, 'PAID', after?.paidAt ?? from, to), limit, after)),
    );
  }

  async refundedBetween(
    from: Date,
    to: Date,
    limit: number,
    after?: Pick<PaidOrder, 'orderId' | 'paidAt'>,
  ): Promise<PaidOrder[]> {
    return await this.outside.run(
      reading('paidOrders.refundedBetween', (view) =>
        pageOf(ordersIn(view, 'REFUNDED', after?.paidAt ?? from, to), limit, after),
      ),
    );
  }

  async refundedSince(
    since: Date,
    from: Date,
    limit: number,
    after?: Pick<RefundedOrder, 'orderId' | 'paidAt' | 'refundedAt'>,
  ): Promise<RefundedOrder[]> {
    return await this.outside.run(
      reading('paidOrders.refundedSince', (view) =>
        refundedIn(view, since, from)
          .filter((order) => after === undefined || byRefund(order, after) > 0)
          .sort(byRefund)
          .slice(0, limit),
      ),
    );
  }

  async refundedSales(since: Date, from: Date): Promise<RefundedSales[]> {
    return await this.outside.run(
      reading('paidOrders.refundedSales', (view) => {
        const lastRefunds = new Map<number, Date>();
        for (const { paidAt, refundedAt } of refundedIn(view, since, from)) {
          const quarter = Math.floor(paidAt.getTime() / QUARTER_MS);
          const last = lastRefunds.get(quarter);
          if (last === undefined || last < refundedAt) lastRefunds.set(quarter, refundedAt);
        }
        return [...lastRefunds]
          .sort(([a], [b]) => a - b)
          .map(([quarter, lastRefundedAt]) => ({ paidFrom: new Date(quarter * QUARTER_MS), lastRefundedAt }));
      }),
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
        for (const { orderId } of ordersIn(view, 'PAID', from, to)) {
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

function ordersIn(view: View, wanted: 'PAID' | 'REFUNDED', from: Date, to: Date): PaidOrder[] {
  return view
    .rows(view.tables.orders.byId)
    .flatMap(({ id, orderNumber, status, paidAt }) =>
      status === wanted && paidAt !== null ? [{ orderId: id, orderNumber, paidAt }] : [],
    )
    .filter(({ paidAt }) => paidAt >= from && paidAt < to);
}

/** The orders after `after`, the earliest payment first, of equals the lower id. */
function pageOf(orders: PaidOrder[], limit: number, after: Pick<PaidOrder, 'orderId' | 'paidAt'> | undefined) {
  return orders
    .filter(({ orderId, paidAt }) => after === undefined || paidAt > after.paidAt || orderId > after.orderId)
    .sort((a, b) => a.paidAt.getTime() - b.paidAt.getTime() || a.orderId - b.orderId)
    .slice(0, limit);
}

function refundedIn(view: View, since: Date, from: Date): RefundedOrder[] {
  return view
    .rows(view.tables.orders.byId)
    .flatMap(({ id, orderNumber, paidAt, refundedAt }) =>
      paidAt !== null && refundedAt !== null ? [{ orderId: id, orderNumber, paidAt, refundedAt }] : [],
    )
    .filter(({ paidAt, refundedAt }) => refundedAt >= since && paidAt >= from);
}

/** The earliest refund first, of equals the earliest payment, of these the lower id. */
function byRefund(a: RefundPosition, b: RefundPosition): number {
  return (
    a.refundedAt.getTime() - b.refundedAt.getTime() || a.paidAt.getTime() - b.paidAt.getTime() || a.orderId - b.orderId
  );
}
