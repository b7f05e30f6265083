import {
  capacityOf,
  type CouponRow,
  type FailureRow,
  type OrderRow,
  type OutboxRow,
  type UserCouponRow,
  type WrittenRows,
} from '../ledger/rows.js';
import { Violation } from './violation.js';

const CHECK = 'P12';

/**
 * P12 where it begins: each commit writes into the outbox exactly what it has decided, at the next positions of its
 * subject. What comes of it is the relay's.
 */
export class OutboxObserver {
  private readonly lastPositions = new Map<string, number>();
  /** User coupons that are revoked. */
  private readonly revoked = new Set<number>();
  /** Commits that have not been checked. */
  private commits: WrittenRows[] = [];

  committed(written: WrittenRows): void {
    this.commits.push(written);
  }

  /** After each step, and after the promises to which P12 adds. @throws Violation */
  check(): void {
    for (const written of this.commits) this.checkCommit(written);
    this.commits = [];
  }

  private checkCommit(written: WrittenRows): void {
    const told = [...(written.outbox?.inserted ?? [])].sort((a, b) => a.position - b.position);
    for (const event of told) this.isNext(event);
    const reservations = (type: OutboxRow['type']) =>
      told.filter((event) => event.type === type).flatMap((event) => reservationsOf(event));
    assertSame(reservations('firstcome.coupon.issued'), (written.userCoupons?.inserted ?? []).map(nameOf), 'issued');
    assertSame(
      reservations('firstcome.coupon.failed'),
      (written.issuanceFailures?.inserted ?? []).map(nameOf),
      'failed',
    );
    for (const [type, status] of [
      ['firstcome.order.paid', 'PAID'],
      ['firstcome.order.refunded', 'REFUNDED'],
    ] as const) {
      assertSame(
        told.filter((event) => event.type === type).map(({ subject }) => subject),
        (written.orders?.updated ?? [])
          .filter((order) => order.status === status)
          .map((order) => `orders/${order.orderNumber}`),
        status.toLowerCase(),
      );
    }
    const taken = (written.userCoupons?.updated ?? []).filter((row) => this.isNewlyRevoked(row));
    assertSame(reservations('firstcome.coupon.revoked'), taken.map(nameOf), 'revoked');
    const issued = new Set((written.userCoupons?.inserted ?? []).map(({ couponId }) => couponId));
    assertSame(
      told.filter(({ type }) => type === 'firstcome.coupon.sold-out').map(({ couponId }) => `coupon ${couponId}`),
      (written.coupons?.updated ?? [])
        .filter((coupon) => issued.has(coupon.id) && coupon.issuedQuantity === capacityOf(coupon))
        .map(({ id }) => `coupon ${id}`),
      'sold out',
    );
    for (const coupon of written.coupons?.updated ?? []) this.isAtPosition(coupon, `coupons/${coupon.id}`);
    for (const order of written.orders?.updated ?? []) this.isAtPosition(order, `orders/${order.orderNumber}`);
  }

  private isNewlyRevoked({ id, revokedAt }: UserCouponRow): boolean {
    if (revokedAt === null || this.revoked.has(id)) return false;
    this.revoked.add(id);
    return true;
  }

  private isNext({ subject, position }: OutboxRow): void {
    const expected = (this.lastPositions.get(subject) ?? 0) + 1;
    if (position !== expected) throw new Violation(CHECK, `${subject} is told ${position}, not ${expected}`);
    this.lastPositions.set(subject, position);
  }

  private isAtPosition({ eventPosition }: CouponRow | OrderRow, subject: string): void {
    const last = this.lastPositions.get(subject) ?? 0;
    if (eventPosition !== last) throw new Violation(CHECK, `${subject} is at ${eventPosition}, and told of ${last}`);
  }
}

function reservationsOf({ couponId, content }: OutboxRow): string[] {
  const told = JSON.parse(content) as Array<[number, number]> | { revoked: Array<[number, number]> };
  const pairs = Array.isArray(told) ? told : told.revoked;
  return pairs.map(([userId, sequenceNumber]) => nameOf({ couponId, userId, sequenceNumber }));
}

function nameOf({
  couponId,
  userId,
  sequenceNumber,
}: Pick<UserCouponRow | FailureRow, 'userId' | 'sequenceNumber'> & { couponId: number | null }): string {
  return `coupon ${couponId}, user ${userId}, number ${sequenceNumber}`;
}

function assertSame(told: readonly string[], decided: readonly string[], what: string): void {
  const [first, second] = [[...told].sort(), [...decided].sort()];
  const isSame = first.length === second.length && first.every((each, index) => each === second[index]);
  if (!isSame) throw new Violation(CHECK, `${what} [${second.join('; ')}], and told is [${first.join('; ')}]`);
}
