import { DomainError } from '../../../src/platform/errors/domain-error.js';
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

/** Orders that are paid during the history, on both sides of midnight. */
export function drawPayments(seed: number, moments: Moments): PlannedEvent[] {
  const chance = new Chance(seed, 'payments');
  const count = chance.pick([0, 0, 8, 20]);
  return Array.from({ length: count }, (_, index) =>
    drawPayment(new Chance(seed, `order ${index + 1}`), moments, index + 1),
  );
}

function drawPayment(chance: Chance, moments: Moments, orderId: number): PlannedEvent {
  const userId = FIRST_BUYER + orderId;
  const items = PRODUCTS.filter(() => chance.is(0.6)).map((productId) => ({
    productId,
    quantity: chance.between(1, 4),
  }));
  const bought = items.length > 0 ? items : [{ productId: 1, quantity: 1 }];
  return {
    at: moments.draw(chance),
    what: `order ${orderId} is paid`,
    happen: (history) => {
      placeOrder(history, orderId, userId, bought);
      new Buyer(history, orderId, userId).pay();
    },
  };
}

function placeOrder(history: History, id: number, userId: number, items: readonly SoldItem[]): void {
  const { orders, orderItems } = history.ledger.server.tables;
  for (const item of items) orderItems.put({ orderId: id, ...item });
  const orderNumber = `ORDER-${id}`;
  orders.put({
    id,
    orderNumber,
    userId,
    status: 'PENDING',
    totalAmount: 0,
    userCouponId: null,
    paidAt: null,
    refundedAt: null,
    eventPosition: 0,
  });
}

/** Pays an order, and tries again until it is told that it is paid. */
class Buyer {
  private readonly chance: Chance;
  private isDone = false;

  constructor(
    private readonly history: History,
    private readonly orderId: number,
    private readonly userId: number,
  ) {
    this.chance = history.chanceOf(`buyer ${userId}`);
  }

  pay(): void {
    if (this.isDone) return;
    const instance = this.history.instances.any(this.chance);
    if (instance !== undefined) {
      this.history.world.after(this.chance.next(), 'buyer pays', () => void this.payAt(instance), instance);
    }
    this.history.later(3000 + this.chance.below(3000), 'buyer has waited', () => this.pay());
  }

  private async payAt(instance: SimulatedInstance): Promise<void> {
    try {
      await instance.get(PaymentService).pay(this.orderId, this.userId, undefined);
      if (instance.isDead) return;
      this.isDone = true;
      this.history.observer.toldPaid(this.orderId);
    } catch (error) {
      if (instance.isDead) return;
      this.history.observer.refused(error);
      this.isDone = error instanceof DomainError && error.code === 'ORDER_ALREADY_PAID';
    }
  }
}
