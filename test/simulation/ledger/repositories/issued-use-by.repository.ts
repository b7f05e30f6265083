import type { EntityManager } from 'typeorm';
import type { IssuedUseByRepository } from '../../../../src/coupon/issued-use-by.repository.js';
import { useByOf, usableUntilOf } from '../../../../src/coupon/usage-terms.js';
import type { CouponRow, UserCouponRow } from '../rows.js';
import { locking, reading } from '../statement.js';
import type { View } from '../view.js';
import { firstNumbers, rowsAfter, rowsOfNumbers } from './rows-by-number.js';
import { type PublicPart, runnerOf, type StatementRunner } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedIssuedUseByRepository implements PublicPart<IssuedUseByRepository> {
  constructor(private readonly outside: StatementRunner) {}

  async findOthers(couponId: number, after: number, size: number): Promise<number[]> {
    return await this.outside.run(
      reading('issuedUseBy.findOthers', (view) => firstNumbers(othersAfter(view, couponId, after), size)),
    );
  }

  /** It reads the coupon once: a statement sees the committed rows of one moment. */
  async apply(manager: EntityManager, couponId: number, numbers: readonly number[]): Promise<number> {
    return await runnerOf(manager).run(
      locking('issuedUseBy.apply', function* (view) {
        let [applied, coupon] = [0, undefined as CouponRow | undefined];
        for (const { id } of rowsOfNumbers(view, couponId, numbers)) {
          const isChanged = yield* view.update(view.tables.userCoupons.byId, [id], (row) => {
            coupon ??= view.find(view.tables.coupons.byId, [couponId]);
            return isOther(row, coupon) ? { ...row, expiresAt: useByNow(row, coupon as CouponRow) } : undefined;
          });
          applied += Number(isChanged);
        }
        return applied;
      }),
    );
  }

  async countOthers(couponId: number, after: number): Promise<number> {
    return await this.outside.run(
      reading('issuedUseBy.countOthers', (view) => othersAfter(view, couponId, after).length),
    );
  }
}

function othersAfter(view: View, couponId: number, after: number): UserCouponRow[] {
  const coupon = view.find(view.tables.coupons.byId, [couponId]);
  return rowsAfter(view, couponId, after, (row) => isOther(row, coupon));
}

function isOther(row: UserCouponRow, coupon: CouponRow | undefined): boolean {
  return coupon !== undefined && useByNow(row, coupon).getTime() !== row.expiresAt.getTime();
}

function useByNow({ issuedAt }: UserCouponRow, coupon: CouponRow): Date {
  return useByOf({ usableDays: coupon.usableDays, usableUntil: usableUntilOf(coupon) }, issuedAt);
}
