import { beforeAll, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { AuditService } from '../../src/coupon/audit/audit.service.js';
import { changeCouponBody } from '../../src/coupon/coupon.schemas.js';
import { CouponService } from '../../src/coupon/coupon.service.js';
import { Grants } from '../../src/coupon/grant/grant.service.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { Revocations } from '../../src/coupon/revocation/revocation.service.js';
import { UserCouponService } from '../../src/coupon/user-coupon.service.js';
import { CancellationService } from '../../src/order/cancellation.service.js';
import { OrderService } from '../../src/order/order.service.js';
import { PaymentService } from '../../src/order/payment.service.js';
import { TESTER } from '../support/actor.js';
import { Instance } from '../support/instance.js';
import { outcomeOf } from '../support/outcome.js';
import { openOwnServers, type OwnServers } from '../support/own-servers.js';
import { newUserId } from '../support/unique-ids.js';

/** A coupon's whole life, in any order, against a model of it: what is answered, and what everybody holds at the end. */

/** A failure prints its seed, with which LIFE_SEED=<seed> repeats it; LIFE_RUNS=1000 searches longer. */
const seed = Number(process.env['LIFE_SEED'] ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env['LIFE_RUNS'] ?? 12);

const USERS = 4;
const PRICE = 3_000;
const DISCOUNT = 1_000;
const BALANCE = 6_000;
const DAY_MS = 24 * 3_600_000;

let own: OwnServers;
let instance: Instance;

beforeAll(async () => {
  own = await openOwnServers('life');
  instance = await Instance.open({ ...own, env: { COUPON_ISSUE_TIMEOUT_MS: '30000' } });
});

const user = fc.nat(USERS - 1);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('claim' as const), user }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('grant' as const), user }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('order' as const), user }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pay' as const), user }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('cancel' as const), user }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('revoke' as const), user, returnSlots: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pause' as const), isActive: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('suspend' as const), isRedeemable: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end' as const), isOpen: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('useBy' as const),
      days: fc.integer({ min: 2, max: 9 }),
      toIssued: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rebuild' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Held {
  isUsed: boolean;
  isRevoked: boolean;
  isReturned: boolean;
  useBy: number;
}

interface Ordered {
  readonly orderId: number;
  readonly withCoupon: boolean;
  status: 'PENDING' | 'PAID' | 'CANCELLED' | 'REFUNDED';
}

/** One coupon of two slots, four users and one product, to which the same things happen here and in the application. */
class Life {
  private readonly userIds = Array.from({ length: USERS }, () => newUserId());
  private readonly held = new Map<number, Held>();
  private readonly orders = new Map<number, Ordered>();
  private readonly spent = new Map<number, number>();
  private readonly begin = Math.floor(Date.now() / 1000) * 1000;
  private readonly productId = newUserId();
  private couponId = 0;
  private total = 2;
  private returned = 0;
  private sold = 0;
  private isActive = true;
  private isRedeemable = true;
  private isOpen = true;
  /** Until when what is issued now may be spent. */
  private useBy = this.begin + DAY_MS;

  async open(): Promise<void> {
    for (const userId of this.userIds) {
      await own.database.change('INSERT INTO users (id, name, email, balance) VALUES (?, ?, ?, ?)', [
        userId,
        `User ${userId}`,
        `${userId}@example.com`,
        BALANCE,
      ]);
    }
    const product = [this.productId, 'A product', PRICE, 1000];
    await own.database.change('INSERT INTO products (id, name, price, stock) VALUES (?, ?, ?, ?)', product);
    const expiresAt = new Date(this.useBy);
    this.couponId = await instance.createCoupon(this.total, { discountAmount: DISCOUNT, expiresAt });
  }

  /** Takes the step on both sides, and compares what is answered. */
  async take(taken: Step): Promise<void> {
    switch (taken.do) {
      case 'claim':
        return await this.claim(taken.user);
      case 'grant':
        return await this.grant(taken.user);
      case 'order':
        return await this.order(taken.user);
      case 'pay':
        return await this.pay(taken.user);
      case 'cancel':
        return await this.cancel(taken.user);
      case 'revoke':
        return await this.revoke(taken.user, taken.returnSlots);
      case 'pause':
        this.isActive = taken.isActive;
        return await this.change({ isActive: taken.isActive });
      case 'suspend':
        this.isRedeemable = taken.isRedeemable;
        return await this.change({ isRedeemable: taken.isRedeemable });
      case 'end':
        return await this.end(taken.isOpen);
      case 'useBy':
        return await this.setUseBy(taken.days, taken.toIssued);
      case 'rebuild':
        if (this.isOpen) await instance.get(RebuildService).rebuild(this.couponId);
    }
  }

  async check(): Promise<void> {
    const audit = await instance.get(AuditService).audit(this.couponId);
    expect(audit).toMatchObject({ violations: [] });
    expect(await instance.get(CouponService).get(this.couponId)).toMatchObject({
      issuedQuantity: this.held.size,
      returnedQuantity: this.returned,
      remainingQuantity: this.total + this.returned - this.held.size,
    });
    for (const [index, userId] of this.userIds.entries()) {
      const { coupons } = await instance
        .get(UserCouponService)
        .list(userId, { limit: 10, status: undefined, cursor: undefined });
      const told = coupons.map(({ status, expiresAt }) => ({ status, useBy: expiresAt.getTime() }));
      const held = this.held.get(index);
      expect(told).toEqual(held === undefined ? [] : [{ status: statusOf(held), useBy: held.useBy }]);
    }
    const balances = await own.database.rows<{ id: number; balance: number; moved: number | string }>(
      `SELECT id, balance, (SELECT COALESCE(SUM(amount), 0) FROM balance_entries WHERE user_id = users.id) AS moved
         FROM users WHERE id IN (?) ORDER BY FIELD(id, ?)`,
      [this.userIds, this.userIds],
    );
    const expected = this.userIds.map((_, index) => BALANCE - (this.spent.get(index) ?? 0));
    expect(balances.map(({ balance }) => balance)).toEqual(expected);
    expect(balances.map(({ moved }) => BALANCE + Number(moved))).toEqual(expected);
    const product = await own.database.row('SELECT stock FROM products WHERE id = ?', [this.productId]);
    expect(product).toEqual({ stock: 1000 - this.sold });
  }

  private async claim(index: number): Promise<void> {
    const refusal = !this.isActive
      ? 'COUPON_INACTIVE'
      : !this.isOpen
        ? 'COUPON_EXPIRED'
        : this.held.has(index)
          ? 'ALREADY_ISSUED'
          : this.room === 0
            ? 'COUPON_SOLD_OUT'
            : 'OK';
    const claimed = instance.get(ReservationService).issue(this.couponId, this.userIdOf(index));
    expect(await outcomeOf(claimed)).toBe(refusal);
    if (refusal === 'OK') this.issue(index);
  }

  private async grant(index: number): Promise<void> {
    const userId = this.userIdOf(index);
    const granted = await instance.get(Grants).grant(this.couponId, [userId], TESTER);
    const end = this.held.has(index) ? 'alreadyIssued' : this.room === 0 ? 'soldOut' : 'issued';
    const none = { issued: [], alreadyIssued: [], soldOut: [], unknownUsers: [], pending: [] };
    expect(granted).toEqual({ ...none, [end]: [userId] });
    if (end === 'issued') this.issue(index);
  }

  private async order(index: number): Promise<void> {
    const userId = this.userIdOf(index);
    const held = this.held.get(index);
    const isUsable = held !== undefined && statusOf(held) === 'AVAILABLE' && this.isRedeemable;
    const draft = { userId, items: [{ productId: this.productId, quantity: 1 }] };
    const orders = instance.get(OrderService);
    if (held !== undefined && !isUsable) {
      const refused = orders.create({ ...draft, couponId: this.couponId }, undefined);
      expect(await outcomeOf(refused)).toBe('COUPON_NOT_USABLE');
    }
    const couponId = isUsable ? this.couponId : undefined;
    const { orderId } = await orders.create({ ...draft, couponId }, undefined);
    this.orders.set(index, { orderId, withCoupon: isUsable, status: 'PENDING' });
  }

  private async pay(index: number): Promise<void> {
    const order = this.orders.get(index);
    if (order === undefined) return;
    const held = this.held.get(index);
    const isUsable = held !== undefined && statusOf(held) === 'AVAILABLE' && this.isRedeemable;
    const price = order.withCoupon ? PRICE - DISCOUNT : PRICE;
    const isAffordable = BALANCE - (this.spent.get(index) ?? 0) >= price;
    const outcome =
      order.status === 'PAID'
        ? 'ORDER_ALREADY_PAID'
        : order.status !== 'PENDING'
          ? 'ORDER_NOT_PAYABLE'
          : order.withCoupon && !isUsable
            ? 'COUPON_NOT_USABLE'
            : isAffordable
              ? 'OK'
              : 'INSUFFICIENT_BALANCE';
    const paid = instance.get(PaymentService).pay(order.orderId, this.userIdOf(index), undefined);
    expect(await outcomeOf(paid)).toBe(outcome);
    if (outcome !== 'OK') return;
    order.status = 'PAID';
    this.sold += 1;
    this.spent.set(index, (this.spent.get(index) ?? 0) + price);
    if (order.withCoupon && held !== undefined) held.isUsed = true;
  }

  private async cancel(index: number): Promise<void> {
    const order = this.orders.get(index);
    if (order === undefined) return;
    const hasEnded = order.status === 'CANCELLED' || order.status === 'REFUNDED';
    const cancelled = instance.get(CancellationService).cancel(order.orderId, this.userIdOf(index), undefined);
    expect(await outcomeOf(cancelled)).toBe(hasEnded ? 'ORDER_NOT_CANCELLABLE' : 'OK');
    if (order.status === 'PENDING') order.status = 'CANCELLED';
    if (order.status !== 'PAID') return;
    order.status = 'REFUNDED';
    this.sold -= 1;
    const price = order.withCoupon ? PRICE - DISCOUNT : PRICE;
    this.spent.set(index, (this.spent.get(index) ?? 0) - price);
    const held = this.held.get(index);
    if (order.withCoupon && held !== undefined) held.isUsed = false;
  }

  private async revoke(index: number, returnSlots: boolean): Promise<void> {
    const held = this.held.get(index);
    const body = { userIds: [this.userIdOf(index)], allUnused: undefined, reason: 'A test', returnSlots };
    const result = await instance.get(Revocations).revoke(this.couponId, body, TESTER);
    const counts = { revoked: 0, alreadyRevoked: 0, used: 0, notIssued: 0, slotsReturned: 0, remaining: 0 };
    if (held === undefined) {
      expect(result).toEqual({ ...counts, notIssued: 1 });
      return;
    }
    const end = held.isRevoked ? 'alreadyRevoked' : held.isUsed ? 'used' : 'revoked';
    const comesBack = returnSlots && !held.isUsed && !held.isReturned;
    expect(result).toEqual({ ...counts, [end]: 1, slotsReturned: Number(comesBack) });
    held.isRevoked = true;
    if (comesBack) {
      held.isReturned = true;
      this.returned += 1;
    }
  }

  private async end(isOpen: boolean): Promise<void> {
    this.isOpen = isOpen;
    // Both ends lie before what has been the latest one, so no use-by time follows them.
    await this.change({ expiresAt: new Date(isOpen ? this.begin + DAY_MS / 2 : Date.now() - 1000).toISOString() });
  }

  private async setUseBy(days: number, toIssued: boolean): Promise<void> {
    this.useBy = this.begin + days * DAY_MS;
    await this.change({ usableUntil: new Date(this.useBy).toISOString(), ...(toIssued && { applyToIssued: true }) });
    if (toIssued) for (const held of this.held.values()) held.useBy = this.useBy;
  }

  private async change(patch: object): Promise<void> {
    await instance.get(CouponService).change(this.couponId, changeCouponBody.parse(patch), TESTER);
  }

  private issue(index: number): void {
    this.held.set(index, { isUsed: false, isRevoked: false, isReturned: false, useBy: this.useBy });
  }

  private get room(): number {
    return this.total + this.returned - this.held.size;
  }

  private userIdOf(index: number): number {
    return this.userIds[index] as number;
  }
}

function statusOf({ isUsed, isRevoked }: Held): string {
  if (isUsed) return 'USED';
  return isRevoked ? 'REVOKED' : 'AVAILABLE';
}

it('is as the model says, whatever happens in whichever order', async () => {
  const steps = fc.array(step, { minLength: 10, maxLength: 40 });
  const property = fc.asyncProperty(steps, async (taken) => {
    const life = new Life();
    await life.open();
    for (const each of taken) await life.take(each);
    await life.check();
  });
  await fc.assert(property, { seed, numRuns });
});
