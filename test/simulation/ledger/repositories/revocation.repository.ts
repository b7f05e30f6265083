import type { EntityManager } from 'typeorm';
import type {
  HeldRow,
  RevocationRepository,
  RevokedRows,
} from '../../../../src/coupon/revocation/revocation.repository.js';
import type { UserCouponRow } from '../rows.js';
import { locking, reading } from '../statement.js';
import { firstNumbers, rowsAfter, rowsOfNumbers } from './rows-by-number.js';
import { type PublicPart, runnerOf, type StatementRunner } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedRevocationRepository implements PublicPart<RevocationRepository> {
  constructor(private readonly outside: StatementRunner) {}

  async lockRowsOf(manager: EntityManager, couponId: number, userIds: readonly number[]): Promise<HeldRow[]> {
    return await runnerOf(manager).run(
      locking('revocation.lockRowsOf', function* (view) {
        const rows: HeldRow[] = [];
        for (const userId of [...new Set(userIds)].sort((a, b) => a - b)) {
          const row = yield* view.lock(view.tables.userCoupons.byUser, [couponId, userId]);
          if (row !== undefined) rows.push(heldRow(row));
        }
        return rows;
      }),
    );
  }

  async findUnused(couponId: number, after: number, size: number): Promise<number[]> {
    return await this.outside.run(
      reading('revocation.findUnused', (view) => firstNumbers(rowsAfter(view, couponId, after, isUnused), size)),
    );
  }

  /** The real one lets go of those that are used or revoked. */
  async lockUnused(manager: EntityManager, couponId: number, numbers: readonly number[]): Promise<HeldRow[]> {
    return await runnerOf(manager).run(
      locking('revocation.lockUnused', function* (view) {
        const rows: HeldRow[] = [];
        for (const { id } of rowsOfNumbers(view, couponId, numbers)) {
          const row = yield* view.lock(view.tables.userCoupons.byId, [id]);
          if (row !== undefined && isUnused(row)) rows.push(heldRow(row));
        }
        return rows;
      }),
    );
  }

  async write(manager: EntityManager, { revoked, returned, revokedAt }: RevokedRows): Promise<void> {
    await this.update('revocation.revoke', manager, revoked, { revokedAt });
    await this.update('revocation.giveSlotsBack', manager, returned, { slotReturned: true });
  }

  async count(
    manager: EntityManager,
    couponId: number,
    { returned, events }: { readonly returned: number; readonly events: number },
  ): Promise<void> {
    await runnerOf(manager).run(
      locking('revocation.count', (view) =>
        view.update(view.tables.coupons.byId, [couponId], (row) => ({
          ...row,
          returnedQuantity: row.returnedQuantity + returned,
          version: row.version + Number(returned > 0),
          eventPosition: row.eventPosition + events,
        })),
      ),
    );
  }

  async countUnused(couponId: number, after: number): Promise<number> {
    return await this.outside.run(
      reading('revocation.countUnused', (view) => rowsAfter(view, couponId, after, isUnused).length),
    );
  }

  private async update(
    name: string,
    manager: EntityManager,
    rows: readonly HeldRow[],
    change: Partial<UserCouponRow>,
  ): Promise<void> {
    if (rows.length === 0) return;
    await runnerOf(manager).run(
      locking(name, function* (view) {
        const ids = rows.map(({ userCouponId }) => userCouponId).sort((a, b) => a - b);
        for (const id of ids) yield* view.update(view.tables.userCoupons.byId, [id], (row) => ({ ...row, ...change }));
      }),
    );
  }
}

function isUnused({ usedAt, revokedAt }: UserCouponRow): boolean {
  return usedAt === null && revokedAt === null;
}

function heldRow({ id, userId, sequenceNumber, usedAt, revokedAt, slotReturned }: UserCouponRow): HeldRow {
  return { userCouponId: id, userId, sequenceNumber, usedAt, revokedAt, isSlotReturned: slotReturned };
}
