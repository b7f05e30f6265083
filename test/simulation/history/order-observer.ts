import type { OrderStatus } from '../../../src/order/order.js';
import type { OrderRow, UserCouponRow, WrittenRows } from '../ledger/rows.js';
import type { Tables } from '../ledger/table.js';
import type { World } from '../world/world.js';
import { Violation } from './violation.js';

/** What may become of an order. */
const NEXT: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  PENDING: ['PAID', 'CANCELLED'],
  PAID: ['REFUNDED'],
  CANCELLED: [],
  REFUNDED: [],
  EXPIRED: [],
};

/** The orders as they are seen to end, and the user coupons that they are paid with. */
export class OrderObserver {
  private readonly statuses = new Map<number, OrderStatus>();
  /** User coupon → the orders that are paid with it, and not refunded. */
  private readonly spent = new Map<number, Set<number>>();

  constructor(
    private readonly world: World,
    private readonly tables: Tables,
  ) {}

  /** Each order ends once, and each user coupon is used by the one order that is paid with it, or by none. */
  committed({ orders, userCoupons }: WrittenRows): void {
    const touched = new Set((userCoupons?.updated ?? []).map(({ id }: UserCouponRow) => id));
    for (const order of orders?.updated ?? []) {
      this.changed(order);
      if (order.userCouponId !== null) touched.add(order.userCouponId);
    }
    for (const userCouponId of touched) this.checkUse(userCouponId);
  }

  toldPaid(orderId: number): void {
    const status = this.statusOf(orderId);
    if (status !== 'PAID' && status !== 'REFUNDED')
      throw new Violation('an answer is not taken back', `order ${orderId} is not paid`);
  }

  toldEnded(orderId: number): void {
    const status = this.statusOf(orderId);
    if (status !== 'CANCELLED' && status !== 'REFUNDED')
      throw new Violation('an answer is not taken back', `order ${orderId} has not ended, it is ${status}`);
  }

  private changed({ id, status, userCouponId }: OrderRow): void {
    const before = this.statusOf(id);
    if (!NEXT[before].includes(status)) {
      const check = status === 'PAID' ? 'paid once' : 'orders end once';
      throw new Violation(check, `order ${id} was ${before}, and is ${status}`);
    }
    this.statuses.set(id, status);
    this.world.tell(`MySQL has order ${id} as ${status}`);
    if (userCouponId === null) return;
    const orders = this.spent.get(userCouponId) ?? new Set();
    this.spent.set(userCouponId, orders);
    if (status === 'PAID') orders.add(id);
    else orders.delete(id);
  }

  private checkUse(userCouponId: number): void {
    const orders = [...(this.spent.get(userCouponId) ?? [])];
    const isUsed = this.tables.userCoupons.byId.find([userCouponId])?.usedAt !== null;
    if (orders.length === Number(isUsed)) return;
    const paidWith = orders.length === 0 ? 'no order is' : `orders ${orders.join(', ')} are`;
    throw new Violation(
      'used once',
      `user coupon ${userCouponId} is ${isUsed ? '' : 'not '}used, and ${paidWith} paid with it`,
    );
  }

  private statusOf(orderId: number): OrderStatus {
    return this.statuses.get(orderId) ?? 'PENDING';
  }
}
