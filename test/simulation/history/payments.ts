import { DomainError } from '../../../src/platform/errors/domain-error.js';
import { CancellationService } from '../../../src/order/cancellation.service.js';
import type { SoldItem } from '../../../src/order/index.js';
import { PaymentService } from '../../../src/order/payment.service.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';
import { Chance } from '../world/chance.js';
import type { History } from './history.js';
import type { Moments } from './moments.js';
import type { PlannedEvent } from './plan.js';

const PRODUCTS = [1, 2, 3] as const;
/** Whose orders they are; nobody of them wants a coupon. */
const FIRST_BUYER = 1001;
/** Whose user coupons orders are paid with. */
const COUPON = 1;

/** Orders that are paid during the history, on both sides of midnight, and some of them cancelled. */
export function drawPayments(seed: number, moments: Moments): PlannedEvent[] {
  const chance = new Chance(seed, 'payments');
  const count = chance.pick([0, 0, 8, 20]);
  return Array.from({ length: count }, (_, index) => index + 1).flatMap((orderId) => {
    const payment = drawPayment(new Chance(seed, `order ${orderId}`), moments, orderId);
    return [payment, ...drawCancellations(new Chance(seed, `end of order ${orderId}`), payment.at, orderId)];
  });
}

function drawPayment(chance: Chance, moments: Moments, orderId: number): PlannedEvent {
  const items = PRODUCTS.filter(() => chance.is(0.6)).map((productId) => ({
    productId,
    quantity: chance.between(1, 4),
  }));
  const bought = items.length > 0 ? items : [{ productId: 1, quantity: 1 }];
  const at = moments.draw(chance);
  const hasCoupon = chance.is(0.4);
  return {
    at,
    what: `order ${orderId} is paid`,
    happen: (history) => {
      placeOrder(history, orderId, bought, hasCoupon ? someUserCoupon(history, chance) : null);
      new Buyer(history, orderId, 'pay').act();
    },
  };
}

/** Before the payment has ended, or some time after it; now and then two at once. */
function drawCancellations(chance: Chance, paidAt: number, orderId: number): PlannedEvent[] {
  const delays = chance.pick([[], [], [0], [5], [2000], [9000], [300, 301]]);
  return delays.map((delay, index) => ({
    at: paidAt + delay,
    what: `order ${orderId} is cancelled`,
    happen: (history) => new Buyer(history, orderId, 'cancel', index).act(),
  }));
}

/** Any that is issued, also one that another order has been paid with. */
function someUserCoupon(history: History, chance: Chance): number | null {
  const rows = history.ledger.server.tables.userCoupons.byUser.rowsOf(COUPON);
  return rows.length === 0 ? null : chance.pick(rows).id;
}

function buyerOf(orderId: number): number {
  return FIRST_BUYER + orderId;
}

function placeOrder(history: History, id: number, items: readonly SoldItem[], userCouponId: number | null): void {
  const { orders, orderItems } = history.ledger.server.tables;
  for (const item of items) orderItems.put({ orderId: id, ...item });
  const orderNumber = `ORDER-${id}`;
  orders.put({
    id,
    orderNumber,
    userId: buyerOf(id),
    status: 'PENDING',
    totalAmount: 0,
    userCouponId,
    paidAt: null,
    cancelledAt: null,
    refundedAt: null,
    refundedAmount: null,
    eventPosition: 0,
  });
}

/** After which asking again is of no use. */
const LAST_ANSWERS = new Set(['ORDER_ALREADY_PAID', 'ORDER_NOT_PAYABLE', 'ORDER_NOT_CANCELLABLE', 'COUPON_NOT_USABLE']);

/** Pays or cancels an order, and tries again until it is told that this has happened, or cannot. */
class Buyer {
  private readonly chance: Chance;
  private isDone = false;

  constructor(
    private readonly history: History,
    private readonly orderId: number,
    private readonly wish: 'pay' | 'cancel',
    index = 0,
  ) {
    this.chance = history.chanceOf(`buyer ${buyerOf(orderId)}, to ${wish} ${index}`);
  }

  act(): void {
    // Without its payment, which was left out, there is no such order.
    if (this.isDone || this.history.ledger.server.tables.orders.byId.find([this.orderId]) === undefined) return;
    const instance = this.history.instances.any(this.chance);
    if (instance !== undefined) {
      this.history.world.after(this.chance.next(), `buyer: ${this.wish}`, () => void this.actAt(instance), instance);
    }
    this.history.later(3000 + this.chance.below(3000), 'buyer has waited', () => this.act());
  }

  private async actAt(instance: SimulatedInstance): Promise<void> {
    const { observer } = this.history;
    try {
      if (this.wish === 'pay') await instance.get(PaymentService).pay(this.orderId, buyerOf(this.orderId), undefined);
      else await instance.get(CancellationService).cancel(this.orderId, buyerOf(this.orderId), undefined);
      if (instance.isDead) return;
      this.isDone = true;
      if (this.wish === 'pay') observer.orders.toldPaid(this.orderId);
      else observer.orders.toldEnded(this.orderId);
    } catch (error) {
      if (instance.isDead) return;
      observer.refused(error);
      this.isDone = error instanceof DomainError && LAST_ANSWERS.has(error.code);
      if (error instanceof DomainError && error.code === 'ORDER_NOT_CANCELLABLE')
        observer.orders.toldEnded(this.orderId);
    }
  }
}
