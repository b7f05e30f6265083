import type { EntityManager } from 'typeorm';
import type { RebuildBase, RebuildRepository } from '../../../../src/coupon/reservation/rebuild.repository.js';
import { capacityOf, type CouponRow } from '../rows.js';
import { locking, reading } from '../statement.js';
import { type PublicPart, runnerOf } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedRebuildRepository implements PublicPart<RebuildRepository> {
  async beginEpoch(manager: EntityManager, couponId: number): Promise<void> {
    await this.update('rebuild.beginEpoch', manager, couponId, (row) => ({ epoch: row.epoch + 1, lateQuantity: 0 }));
  }

  async greatestNumber(manager: EntityManager, couponId: number): Promise<number> {
    return await runnerOf(manager).run(
      reading('rebuild.greatestNumber', (view) => {
        const issued = view.rowsOf(view.tables.userCoupons.bySequence, couponId);
        const failed = view.rowsOf(view.tables.issuanceFailures.byReservation, couponId);
        return Math.max(0, ...[...issued, ...failed].map(({ sequenceNumber }) => sequenceNumber));
      }),
    );
  }

  async keepSequenceBase(manager: EntityManager, couponId: number, lastNumber: number): Promise<void> {
    await this.update('rebuild.keepSequenceBase', manager, couponId, ({ sequenceBase }) => ({
      sequenceBase: Math.max(sequenceBase, lastNumber),
    }));
  }

  async raiseSequenceBase(manager: EntityManager, couponId: number, greatestKnown: number): Promise<void> {
    await this.update('rebuild.raiseSequenceBase', manager, couponId, (row) => ({
      sequenceBase: Math.max(row.sequenceBase, greatestKnown) + capacityOf(row),
    }));
  }

  async base(manager: EntityManager, couponId: number): Promise<RebuildBase | undefined> {
    return await runnerOf(manager).run(
      reading('rebuild.base', (view) => {
        const row = view.find(view.tables.coupons.byId, [couponId]);
        return row && { epoch: row.epoch, sequenceBase: row.sequenceBase };
      }),
    );
  }

  private async update(
    name: string,
    manager: EntityManager,
    couponId: number,
    change: (row: CouponRow) => Partial<CouponRow>,
  ): Promise<void> {
    await runnerOf(manager).run(
      locking(name, (view) => view.update(view.tables.coupons.byId, [couponId], (row) => ({ ...row, ...change(row) }))),
    );
  }
}
