import type { EntityManager } from 'typeorm';
import type { CodeFormat } from '../../../../src/coupon/coupon.entity.js';
import type {
  Counted,
  CounterChange,
  FailedReservation,
  IssuanceRepository,
  IssuedCoupon,
  LedgerCoupon,
} from '../../../../src/coupon/issuance/issuance.repository.js';
import type { Reservation } from '../../../../src/coupon/reservation/reservation.js';
import type { UserCouponRow } from '../rows.js';
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
        const { totalQuantity, issuedQuantity, failedQuantity, sequenceBase, codeFormat } = row;
        return { couponId, totalQuantity, issuedQuantity, failedQuantity, sequenceBase, codeFormat };
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
    issuedAt: Date,
  ): Promise<void> {
    await runnerOf(manager).run(
      locking('issuance.insertUserCoupons', (view) => {
        const { userCoupons } = view.tables;
        return view.insert(
          userCoupons,
          rows.map(({ userId, sequenceNumber, code }) => {
            const id = userCoupons.takeId();
            return { id, couponId, userId, sequenceNumber, code, issuedAt, usedAt: null };
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

  async codeFormat(manager: EntityManager, couponId: number): Promise<CodeFormat | undefined> {
    return await runnerOf(manager).run(
      reading('issuance.codeFormat', (view) => view.find(view.tables.coupons.byId, [couponId])?.codeFormat),
    );
  }

  async takeFromTotal(
    manager: EntityManager,
    couponId: number,
    { issued, events, failed = 0, late = 0, outOfRoom = false, onlyIfNoneFailed = false, lowestNumber }: CounterChange,
  ): Promise<Counted | undefined> {
    return await runnerOf(manager).run(
      locking('issuance.takeFromTotal', function* (view) {
        let counted: Counted | undefined;
        yield* view.update(view.tables.coupons.byId, [couponId], (row) => {
          const { issuedQuantity, failedQuantity, totalQuantity, version, lateQuantity, sequenceBase } = row;
          const hasRoom = issued === 0 || issuedQuantity + issued <= totalQuantity;
          const isFree = !onlyIfNoneFailed || failedQuantity === 0;
          if (!hasRoom || !isFree || sequenceBase >= (lowestNumber ?? Number.MAX_SAFE_INTEGER)) return undefined;
          const isSoldOut = issued > 0 && issuedQuantity + issued === totalQuantity;
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
        rowsOf(view, couponId, userIds).map(({ id, userId, sequenceNumber, code, issuedAt }) => {
          return { userCouponId: id, userId, sequenceNumber, code, issuedAt };
        }),
      ),
    );
  }
}

/** The rows of these users, in the order of their ids: that of the index. */
function rowsOf(view: View, couponId: number, userIds: readonly number[]): UserCouponRow[] {
  const { byUser } = view.tables.userCoupons;
  const asked = [...new Set(userIds)].sort((a, b) => a - b);
  return asked.flatMap((userId) => view.find(byUser, [couponId, userId]) ?? []);
}
