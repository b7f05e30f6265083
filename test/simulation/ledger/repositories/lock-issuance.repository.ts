import type { EntityManager } from 'typeorm';
import type {
  InsertResult,
  LockIssuanceRepository,
  LockStrategyCoupon,
  NewUserCoupon,
} from '../../../../src/coupon/lock/lock-issuance.repository.js';
import { isDuplicateKey } from '../../../../src/platform/database/database-errors.js';
import { locking, reading } from '../statement.js';
import { type PublicPart, runnerOf } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedLockIssuanceRepository implements PublicPart<LockIssuanceRepository> {
  async lockCoupon(manager: EntityManager, couponId: number): Promise<LockStrategyCoupon | undefined> {
    return await runnerOf(manager).run(
      locking('lockIssuance.lockCoupon', function* (view) {
        const row = yield* view.lock(view.tables.coupons.byId, [couponId]);
        if (row === undefined) return undefined;
        const { name, totalQuantity, issuedQuantity, sequenceBase, codeFormat, isActive, startsAt, expiresAt } = row;
        const { eventPosition } = row;
        const counts = { totalQuantity, issuedQuantity, lastSequenceNumber: sequenceBase, eventPosition };
        return { name, ...counts, codeFormat, isActive, startsAt, expiresAt };
      }),
    );
  }

  async lookUpUser(manager: EntityManager, couponId: number, userId: number): Promise<{ now: Date; hasRow: boolean }> {
    return await runnerOf(manager).run(
      reading('lockIssuance.lookUpUser', (view) => {
        const row = view.find(view.tables.userCoupons.byUser, [couponId, userId]);
        return { now: view.now, hasRow: row !== undefined };
      }),
    );
  }

  async insert(manager: EntityManager, row: NewUserCoupon): Promise<InsertResult> {
    try {
      return await runnerOf(manager).run(
        locking('lockIssuance.insert', function* (view) {
          const { couponId, userId, sequenceNumber, code, issuedAt } = row;
          const id = view.tables.userCoupons.takeId();
          const inserted = { id, couponId, userId, sequenceNumber, code, issuedAt, usedAt: null };
          yield* view.insert(view.tables.userCoupons, [inserted]);
          return { userCouponId: id };
        }),
      );
    } catch (error) {
      if (isDuplicateKey(error, 'uq_user_coupons_user')) return 'USER_HAS_ROW';
      if (isDuplicateKey(error, 'uq_user_coupons_code')) return 'CODE_IS_TAKEN';
      throw error;
    }
  }

  async takeFromTotal(
    manager: EntityManager,
    couponId: number,
    { sequenceNumber, lastPosition }: { readonly sequenceNumber: number; readonly lastPosition: number },
  ): Promise<boolean> {
    return await runnerOf(manager).run(
      locking('lockIssuance.takeFromTotal', (view) =>
        view.update(view.tables.coupons.byId, [couponId], (row) =>
          row.issuedQuantity < row.totalQuantity
            ? {
                ...row,
                issuedQuantity: row.issuedQuantity + 1,
                sequenceBase: sequenceNumber,
                eventPosition: lastPosition,
              }
            : undefined,
        ),
      ),
    );
  }
}
