import type { EntityManager } from 'typeorm';
import type {
  InsertResult,
  LockIssuanceRepository,
  LockStrategyCoupon,
  NewUserCoupon,
} from '../../../../src/coupon/lock/lock-issuance.repository.js';
import { isDuplicateKey } from '../../../../src/platform/database/database-errors.js';
import { usableUntilOf } from '../../../../src/coupon/usage-terms.js';
import { capacityOf } from '../rows.js';
import { locking, reading } from '../statement.js';
import { type PublicPart, runnerOf } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedLockIssuanceRepository implements PublicPart<LockIssuanceRepository> {
  async lockCoupon(manager: EntityManager, couponId: number): Promise<LockStrategyCoupon | undefined> {
    return await runnerOf(manager).run(
      locking('lockIssuance.lockCoupon', function* (view) {
        const row = yield* view.lock(view.tables.coupons.byId, [couponId]);
        if (row === undefined) return undefined;
        const { name, issuedQuantity, sequenceBase, codeFormat, isActive, startsAt, expiresAt } = row;
        const { eventPosition, usableDays } = row;
        const counts = { capacity: capacityOf(row), issuedQuantity, lastSequenceNumber: sequenceBase, eventPosition };
        const useBy = { usableDays, usableUntil: usableUntilOf(row) };
        return { name, ...counts, codeFormat, isActive, startsAt, expiresAt, ...useBy };
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
          const { couponId, userId, sequenceNumber, code, issuedAt, expiresAt } = row;
          const id = view.tables.userCoupons.takeId();
          const inserted = { id, couponId, userId, sequenceNumber, code, issuedAt, expiresAt };
          const unused = { usedAt: null, revokedAt: null, slotReturned: false };
          yield* view.insert(view.tables.userCoupons, [{ ...inserted, ...unused }]);
          return { userCouponId: id };
        }),
      );
    } catch (error) {
      if (isDuplicateKey(error, 'uq_user_coupons_user')) return 'USER_HAS_ROW';
      if (isDuplicateKey(error, 'uq_user_coupons_code')) return 'CODE_IS_TAKEN';
      throw error;
    }
  }

  async takeFromCapacity(
    manager: EntityManager,
    couponId: number,
    { sequenceNumber, lastPosition }: { readonly sequenceNumber: number; readonly lastPosition: number },
  ): Promise<boolean> {
    return await runnerOf(manager).run(
      locking('lockIssuance.takeFromCapacity', (view) =>
        view.update(view.tables.coupons.byId, [couponId], (row) =>
          row.issuedQuantity < capacityOf(row)
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
