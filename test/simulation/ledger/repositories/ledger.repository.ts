import type { FailureReason } from '../../../../src/coupon/issuance-failure.entity.js';
import type { LedgerRepository } from '../../../../src/coupon/ledger.repository.js';
import { type Holding, issuedReading, type ReservationEnding } from '../../../../src/coupon/reservation-reading.js';
import type { Reservation } from '../../../../src/coupon/reservation/reservation.js';
import { UserCoupon } from '../../../../src/coupon/user-coupon.entity.js';
import { reading } from '../statement.js';
import type { View } from '../view.js';
import type { PublicPart, StatementRunner } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedLedgerRepository implements PublicPart<LedgerRepository> {
  constructor(private readonly outside: StatementRunner) {}

  async findRow(couponId: number, userId: number): Promise<ReservationEnding | undefined> {
    return await this.outside.run(
      reading('ledger.findRow', (view) => {
        const row = view.find(view.tables.userCoupons.byUser, [couponId, userId]);
        return row && issuedReading({ ...row, userCouponId: row.id });
      }),
    );
  }

  async findUserCoupon(userCouponId: number): Promise<UserCoupon | null> {
    return await this.outside.run(
      reading('ledger.findUserCoupon', (view) => {
        const row = view.find(view.tables.userCoupons.byId, [userCouponId]);
        return row === undefined ? null : Object.assign(new UserCoupon(), row);
      }),
    );
  }

  async findLatestFailure(
    couponId: number,
    userId: number,
  ): Promise<{ sequenceNumber: number; failureReason: FailureReason } | undefined> {
    return await this.outside.run(
      reading('ledger.findLatestFailure', (view) => {
        const failures = view.rowsOf(view.tables.issuanceFailures.byReservation, couponId);
        const [latest] = failures
          .filter((failure) => failure.userId === userId)
          .sort((a, b) => b.sequenceNumber - a.sequenceNumber);
        return latest && { sequenceNumber: latest.sequenceNumber, failureReason: latest.reason };
      }),
    );
  }

  async rowsOf(users: ReadonlyMap<number, readonly number[]>) {
    return await this.outside.run(
      reading('ledger.rowsOf', (view) =>
        holdingsOf(users).flatMap(({ couponId, userId }) => {
          const row = view.find(view.tables.userCoupons.byUser, [couponId, userId]);
          if (row === undefined) return [];
          return [{ couponId, userId, reading: issuedReading({ ...row, userCouponId: row.id }) }];
        }),
      ),
    );
  }

  async latestFailuresOf(users: ReadonlyMap<number, readonly number[]>) {
    return await this.outside.run(
      reading('ledger.latestFailuresOf', (view) =>
        holdingsOf(users).flatMap(({ couponId, userId }) => {
          const [latest] = view
            .rowsOf(view.tables.issuanceFailures.byReservation, couponId)
            .filter((failure) => failure.userId === userId)
            .sort((a, b) => b.sequenceNumber - a.sequenceNumber);
          if (latest === undefined) return [];
          const { sequenceNumber, reason } = latest;
          return [{ couponId, userId, reading: { status: 'FAILED' as const, sequenceNumber, failureReason: reason } }];
        }),
      ),
    );
  }

  async usersAfter(couponId: number, afterUserId: number, limit: number): Promise<number[]> {
    return await this.outside.run(
      reading('ledger.usersAfter', (view) =>
        userIds(view, couponId)
          .filter((userId) => userId > afterUserId)
          .sort(ascending)
          .slice(0, limit),
      ),
    );
  }

  async rowsBetween(couponId: number, after: number, upTo: number, limit: number): Promise<Reservation[]> {
    return await this.outside.run(
      reading('ledger.rowsBetween', (view) =>
        view
          .rowsOf(view.tables.userCoupons.bySequence, couponId)
          .filter(({ sequenceNumber }) => sequenceNumber > after && sequenceNumber <= upTo)
          .sort((a, b) => a.sequenceNumber - b.sequenceNumber)
          .slice(0, limit)
          .map(({ userId, sequenceNumber }) => ({ userId, sequenceNumber })),
      ),
    );
  }

  async greatestNumbers(couponIds: readonly number[]): Promise<Map<number, number>> {
    const greatest = new Map<number, number>();
    if (couponIds.length === 0) return greatest;
    const issued = await this.outside.run(
      reading('ledger.greatestIssued', (view) =>
        couponIds.flatMap((couponId) => view.rowsOf(view.tables.userCoupons.bySequence, couponId)),
      ),
    );
    const failed = await this.outside.run(
      reading('ledger.greatestFailed', (view) =>
        couponIds.flatMap((couponId) => view.rowsOf(view.tables.issuanceFailures.byReservation, couponId)),
      ),
    );
    for (const { couponId, sequenceNumber } of [...issued, ...failed])
      greatest.set(couponId, Math.max(sequenceNumber, greatest.get(couponId) ?? 0));
    return greatest;
  }

  async countRows(couponId: number): Promise<number> {
    return await this.outside.run(reading('ledger.countRows', (view) => userIds(view, couponId).length));
  }

  async usersWithRow(couponId: number, asked: readonly number[]): Promise<Set<number>> {
    if (asked.length === 0) return new Set();
    return await this.outside.run(
      reading('ledger.usersWithRow', (view) => {
        const { byUser } = view.tables.userCoupons;
        const found = asked.filter((userId) => view.find(byUser, [couponId, userId]) !== undefined);
        return new Set(found.sort(ascending));
      }),
    );
  }
}

/** As the index has them. */
function holdingsOf(users: ReadonlyMap<number, readonly number[]>): Holding[] {
  return [...users]
    .sort(([a], [b]) => a - b)
    .flatMap(([couponId, asked]) => [...asked].sort(ascending).map((userId) => ({ couponId, userId })));
}

const ascending = (a: number, b: number): number => a - b;

function userIds(view: View, couponId: number): number[] {
  return view.rowsOf(view.tables.userCoupons.byUser, couponId).map(({ userId }) => userId);
}
