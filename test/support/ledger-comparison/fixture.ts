import { Coupon } from '../../../src/coupon/coupon.entity.js';
import { OPEN_ENTRY } from '../../../src/coupon/entry-terms.js';
import { PLAIN_USAGE } from '../../../src/coupon/usage-terms.js';
import type { TestDatabase } from '../database.js';
import type { CouponRow, FailureRow, OrderItemRow, OrderRow, UserCouponRow } from '../../simulation/ledger/rows.js';
import { emptyTables, insertRows } from './stored-rows.js';

export const NOON = new Date('2031-05-01T12:00:00.000Z');
export const HOUR_MS = 3_600_000;

/** So many hours after noon. */
export function hours(after: number): Date {
  return new Date(NOON.getTime() + after * HOUR_MS);
}

/** When histories issue, and until when that may be spent. */
export const AT_NOON = { issuedAt: NOON, expiresAt: hours(1) };

/** The definition after a change. */
export function changed(coupon: Coupon, change: Partial<Coupon>): Coupon {
  return Object.assign(new Coupon(), coupon, change, {
    version: coupon.version + 1,
    eventPosition: coupon.eventPosition + 1,
  });
}

/** Of a coupon's rows and failures, and of its codes: what histories insert comes between what is there. */
const USERS_THERE = [5, 15, 25, 35];
const CODES_THERE = ['B', 'F', 'J', 'N'];
export const NEW_USERS = [10, 20, 30] as const;
export const NEW_NUMBERS = [10, 20, 30] as const;
export const NEW_CODES = ['D', 'H', 'L', null] as const;

/** As many rows as a page of an index is sure to take: InnoDB counts locks by pages. */
const MAX_FIXTURES = 4;

/**
 * What a history finds. Each has ids of its own. InnoDB locks the gap below a duplicate key together with the key, the
 * simulated server the key alone: so the keys that a history may insert have gaps of their own, between keys that stay.
 */
export class Fixture {
  private static count = 0;

  private constructor(private readonly base: number) {}

  /** Inserts a new one. */
  static async insert(database: TestDatabase): Promise<Fixture> {
    if (Fixture.count % MAX_FIXTURES === 0) await emptyTables(database);
    Fixture.count += 1;
    const fixture = new Fixture(Fixture.count * 1000);
    await insertRows(database, {
      coupons: fixture.couponRows(),
      userCoupons: fixture.userCouponRows(),
      issuanceFailures: fixture.failureRows(),
      orders: fixture.orderRows(),
      orderItems: fixture.orderItemRows(),
    });
    return fixture;
  }

  /** Open coupons with room for two more. */
  get coupons(): [number, number] {
    return [this.base + 1, this.base + 2];
  }

  get endedCoupon(): number {
    return this.base + 3;
  }

  get missingCoupon(): number {
    return this.base + 900;
  }

  /** A user coupon of the first user of the first coupon; that of the last one is used. */
  get userCoupon(): number {
    return this.base + 1;
  }

  get usedUserCoupon(): number {
    return this.base + USERS_THERE.length;
  }

  get failure(): number {
    return this.base + 1;
  }

  get pendingOrder(): number {
    return this.base + 1;
  }

  get paidOrder(): number {
    return this.base + 2;
  }

  /** Refunded at the same time as the next one, which was paid earlier. */
  get refundedOrder(): number {
    return this.base + 6;
  }

  get earlierPaidOrder(): number {
    return this.base + 7;
  }

  get orderWithoutItems(): number {
    return this.base + 3;
  }

  /** Three days that nobody has backed up. */
  get days(): [string, string, string] {
    const day = (after: number) =>
      hours(24 * (Fixture.count * 5 + after))
        .toISOString()
        .slice(0, 10);
    return [day(1), day(2), day(3)];
  }

  private couponRows(): CouponRow[] {
    const row: Omit<CouponRow, 'id'> = {
      name: 'A coupon',
      totalQuantity: USERS_THERE.length + 1,
      returnedQuantity: 1,
      issuedQuantity: USERS_THERE.length,
      failedQuantity: 0,
      discountAmount: 1000,
      discountRate: null,
      startsAt: hours(-1),
      expiresAt: hours(1),
      isActive: true,
      audience: 'anyone',
      codeFormat: 'alphanumeric',
      strategy: 'reservation',
      ...OPEN_ENTRY,
      ...PLAIN_USAGE,
      latestExpiresAt: hours(0.5),
      version: 1,
      epoch: 0,
      sequenceBase: 0,
      lateQuantity: 0,
      eventPosition: 0,
      createdAt: hours(-2),
      updatedAt: null,
    };
    const [first, second] = this.coupons;
    return [
      { ...row, id: first },
      { ...row, id: second, startsAt: hours(-0.5), strategy: 'lock' },
      { ...row, id: this.endedCoupon, expiresAt: hours(-0.5) },
    ];
  }

  private userCouponRows(): UserCouponRow[] {
    return [...this.coupons, this.endedCoupon].flatMap((couponId, at) =>
      USERS_THERE.map((userId, index) => ({
        id: this.base + at * USERS_THERE.length + index + 1,
        couponId,
        userId,
        sequenceNumber: userId,
        code: CODES_THERE[index] ?? null,
        issuedAt: NOON,
        usedAt: index === USERS_THERE.length - 1 ? NOON : null,
        expiresAt: couponId === this.endedCoupon ? hours(-0.5) : hours(1),
        revokedAt: null,
        slotReturned: false,
      })),
    );
  }

  private failureRows(): FailureRow[] {
    const reservations = this.coupons.flatMap((couponId) =>
      NEW_USERS.flatMap((userId) => USERS_THERE.map((sequenceNumber) => ({ couponId, userId, sequenceNumber }))),
    );
    return reservations.map((reservation, index) => ({
      id: this.base + index + 1,
      ...reservation,
      reason: 'REFUSED_BY_DATABASE',
      detail: 'of the fixture',
      failedAt: NOON,
      retriedAt: null,
    }));
  }

  private orderRows(): OrderRow[] {
    const ended = { cancelledAt: null, refundedAt: null, refundedAmount: null };
    const row = { userId: 1, totalAmount: 1000, userCouponId: null, ...ended, eventPosition: 0 };
    const order = (id: number) => ({ id, orderNumber: `T${id}`, ...row });
    return [
      { ...order(this.pendingOrder), userCouponId: this.userCoupon, status: 'PENDING', paidAt: null },
      { ...order(this.paidOrder), status: 'PAID', paidAt: NOON },
      { ...order(this.orderWithoutItems), status: 'PAID', paidAt: hours(1) },
      // With one pending order alone MariaDB looks for it by its status, as it never would in a real table.
      { ...order(this.base + 4), status: 'PENDING', paidAt: null },
      { ...order(this.base + 5), status: 'PENDING', paidAt: null },
      { ...order(this.refundedOrder), status: 'REFUNDED', paidAt: hours(0.25), refundedAt: hours(3) },
      { ...order(this.earlierPaidOrder), status: 'REFUNDED', paidAt: hours(-1), refundedAt: hours(3) },
    ];
  }

  private orderItemRows(): OrderItemRow[] {
    const [first, second, third] = [this.base + 1, this.base + 2, this.base + 3];
    return [
      { orderId: this.pendingOrder, productId: second, quantity: 2 },
      { orderId: this.pendingOrder, productId: first, quantity: 1 },
      { orderId: this.paidOrder, productId: first, quantity: 3 },
      { orderId: this.paidOrder, productId: third, quantity: 3 },
    ];
  }
}
