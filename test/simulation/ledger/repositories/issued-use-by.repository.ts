import type { EntityManager } from 'typeorm';
import type { IssuedUseByRepository, NumberRange } from '../../../../src/coupon/issued-use-by.repository.js';
import { useByOf, usableUntilOf } from '../../../../src/coupon/usage-terms.js';
import type { CouponRow, UserCouponRow } from '../rows.js';
import { locking, reading } from '../statement.js';
import type { View } from '../view.js';
import { type PublicPart, runnerOf, type StatementRunner } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedIssuedUseByRepository implements PublicPart<IssuedUseByRepository> {
  constructor(private readonly outside: StatementRunner) {}

  async chunkEnd(couponId: number, after: number, size: number): Promise<number | undefined> {
    return await this.outside.run(
      reading('issuedUseBy.chunkEnd', (view) => rowsAfter(view, couponId, after).slice(0, size).at(-1)?.sequenceNumber),
    );
  }

  /** It reads the coupon once: a statement sees the committed rows of one moment. */
  async apply(manager: EntityManager, couponId: number, { after, upTo }: NumberRange): Promise<number> {
    return await runnerOf(manager).run(
      locking('issuedUseBy.apply', function* (view) {
        let [applied, coupon] = [0, undefined as CouponRow | undefined];
        for (const { id, sequenceNumber } of rowsAfter(view, couponId, after)) {
          if (sequenceNumber > upTo) break;
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
      reading('issuedUseBy.countOthers', (view) => {
        const coupon = view.find(view.tables.coupons.byId, [couponId]);
        return rowsAfter(view, couponId, after).filter((row) => isOther(row, coupon)).length;
      }),
    );
  }
}

/** By their numbers. */
function rowsAfter(view: View, couponId: number, after: number): UserCouponRow[] {
  return view
    .rowsOf(view.tables.userCoupons.bySequence, couponId)
    .filter(({ sequenceNumber }) => sequenceNumber > after)
    .sort((a, b) => a.sequenceNumber - b.sequenceNumber);
}

function isOther(row: UserCouponRow, coupon: CouponRow | undefined): boolean {
  return coupon !== undefined && useByNow(row, coupon).getTime() !== row.expiresAt.getTime();
}

function useByNow({ issuedAt }: UserCouponRow, coupon: CouponRow): Date {
  return useByOf({ usableDays: coupon.usableDays, usableUntil: usableUntilOf(coupon) }, issuedAt);
}
