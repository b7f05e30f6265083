import type { EntityManager } from 'typeorm';
import type {
  Counted,
  CounterChange,
  FailedReservation,
  IssuanceRepository,
  IssuedCoupon,
  IssueTerms,
  IssueTimes,
  LedgerCoupon,
} from '../../../../src/coupon/issuance/issuance.repository.js';
import type { Reservation } from '../../../../src/coupon/reservation/reservation.js';
import { usableUntilOf, type UseByTerms } from '../../../../src/coupon/usage-terms.js';
import { capacityOf, type CouponRow, type UserCouponRow } from '../rows.js';
import { locking, reading } from '../statement.js';
import type { View } from '../view.js';
import { type PublicPart, runnerOf, type StatementRunner } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedIssuanceRepository implements PublicPart<IssuanceRepository> {
  constructor(private readonly outside: StatementRunner) {}

  async lockCoupon(manager: EntityManager, couponId: number): Promise<LedgerCoupon | undefined> {
    return await runnerOf(manager).run(
      locking('issuance.lockCoupon', function* (view) {
        const row = yield* view.lock(view.tables.coupons.byId, [couponId]);
        if (row === undefined) return undefined;
        const { issuedQuantity, failedQuantity, sequenceBase } = row;
        const counts = { capacity: capacityOf(row), issuedQuantity, failedQuantity, sequenceBase };
        return { couponId, ...counts, ...termsOf(row) };
      }),
    );
  }

  async usersWithRow(manager: EntityManager, couponId: number, userIds: readonly number[]): Promise<Set<number>> {
    return await runnerOf(manager).run(
      reading('issuance.usersWithRow', (view) => new Set(rowsOf(view, couponId, userIds).map(({ userId }) => userId))),
    );
  }

  async failuresOf(manager: EntityManager, couponId: number, userIds: readonly number[]): Promise<FailedReservation[]> {
    const asked = new Set(userIds);
    return await runnerOf(manager).run(
      reading('issuance.failuresOf', (view) =>
        view
          .rowsOf(view.tables.issuanceFailures.byReservation, couponId)
          .filter(({ userId }) => asked.has(userId))
          .sort((a, b) => a.userId - b.userId || a.sequenceNumber - b.sequenceNumber)
          .map(({ userId, sequenceNumber, reason, detail }) => ({ userId, sequenceNumber, reason, detail })),
      ),
    );
  }

  async insertUserCoupons(
    manager: EntityManager,
    couponId: number,
    rows: ReadonlyArray<Reservation & { readonly code: string | null }>,
    { issuedAt, expiresAt }: IssueTimes,
  ): Promise<void> {
    await runnerOf(manager).run(
      locking('issuance.insertUserCoupons', (view) => {
        const { userCoupons } = view.tables;
        return view.insert(
          userCoupons,
          rows.map(({ userId, sequenceNumber, code }) => {
            const id = userCoupons.takeId();
            const row = { id, couponId, userId, sequenceNumber, code, issuedAt, expiresAt };
            return { ...row, usedAt: null, revokedAt: null, slotReturned: false };
          }),
        );
      }),
    );
  }

  async insertFailures(
    manager: EntityManager,
    couponId: number,
    failures: readonly FailedReservation[],
    failedAt: Date,
  ): Promise<void> {
    await runnerOf(manager).run(
      locking('issuance.insertFailures', (view) => {
        const { issuanceFailures } = view.tables;
        return view.insert(
          issuanceFailures,
          failures.map(({ userId, sequenceNumber, reason, detail }) => {
            const id = issuanceFailures.takeId();
            return { id, couponId, userId, sequenceNumber, reason, detail, failedAt, retriedAt: null };
          }),
        );
      }),
    );
  }

  async termsOf(manager: EntityManager, couponId: number): Promise<IssueTerms | undefined> {
    return await runnerOf(manager).run(
      reading('issuance.termsOf', (view) => {
        const row = view.find(view.tables.coupons.byId, [couponId]);
        return row && termsOf(row);
      }),
    );
  }

  async takeFromCapacity(
    manager: EntityManager,
    couponId: number,
    change: CounterChange,
  ): Promise<Counted | undefined> {
    const { issued, events, failed = 0, late = 0, outOfRoom = false, onlyIfNoneFailed = false } = change;
    const { lowestNumber = Number.MAX_SAFE_INTEGER, onlyUnder } = change;
    return await runnerOf(manager).run(
      locking('issuance.takeFromCapacity', function* (view) {
        let counted: Counted | undefined;
        yield* view.update(view.tables.coupons.byId, [couponId], (row) => {
          const { issuedQuantity, failedQuantity, version, lateQuantity, sequenceBase } = row;
          const hasRoom = issued === 0 || issuedQuantity + issued <= capacityOf(row);
          const isFree = !onlyIfNoneFailed || failedQuantity === 0;
          const isAsKnown = onlyUnder === undefined || sameUseBy(termsOf(row), onlyUnder);
          if (!hasRoom || !isFree || !isAsKnown || sequenceBase >= lowestNumber) return undefined;
          const isSoldOut = issued > 0 && issuedQuantity + issued === capacityOf(row);
          counted = { lastPosition: row.eventPosition + events + Number(isSoldOut), isSoldOut };
          return {
            ...row,
            eventPosition: counted.lastPosition,
            issuedQuantity: issuedQuantity + issued,
            failedQuantity: failedQuantity + failed,
            version: version + Number(outOfRoom),
            lateQuantity: lateQuantity + late,
          };
        });
        return counted;
      }),
    );
  }

  async lateRowsAreKnown(couponId: number, epoch: number, lateQuantity: number): Promise<void> {
    await this.outside.run(
      locking('issuance.lateRowsAreKnown', (view) =>
        view.update(view.tables.coupons.byId, [couponId], (row) =>
          row.epoch === epoch && row.lateQuantity === lateQuantity ? { ...row, lateQuantity: 0 } : undefined,
        ),
      ),
    );
  }

  async issuedTo(couponId: number, userIds: readonly number[]): Promise<IssuedCoupon[]> {
    return await this.outside.run(
      reading('issuance.issuedTo', (view) =>
        rowsOf(view, couponId, userIds).map(({ id, userId, sequenceNumber, code, issuedAt, expiresAt }) => {
          return { userCouponId: id, userId, sequenceNumber, code, issuedAt, expiresAt };
        }),
      ),
    );
  }
}

function termsOf(row: CouponRow): IssueTerms {
  return { codeFormat: row.codeFormat, usableDays: row.usableDays, usableUntil: usableUntilOf(row) };
}

function sameUseBy(one: UseByTerms, other: UseByTerms): boolean {
  return one.usableDays === other.usableDays && one.usableUntil.getTime() === other.usableUntil.getTime();
}

/** The rows of these users, in the order of their ids: that of the index. */
function rowsOf(view: View, couponId: number, userIds: readonly number[]): UserCouponRow[] {
  const { byUser } = view.tables.userCoupons;
  const asked = [...new Set(userIds)].sort((a, b) => a - b);
  return asked.flatMap((userId) => view.find(byUser, [couponId, userId]) ?? []);
}
