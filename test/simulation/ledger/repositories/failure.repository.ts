import { IssuanceFailure } from '../../../../src/coupon/issuance-failure.entity.js';
import type { FailureRepository } from '../../../../src/coupon/issuance/failure.repository.js';
import type { Page } from '../../../../src/coupon/coupon.schemas.js';
import type { FailureRow } from '../rows.js';
import { locking, reading } from '../statement.js';
import { isBefore } from './newest-first.js';
import type { PublicPart, StatementRunner } from './statement-runner.js';

/** As many as the real one counts. */
const MAX_COUNTED = 10_000;

/** The statements of the real one, over the simulated table `issuance_failures`. */
export class SimulatedFailureRepository implements PublicPart<FailureRepository> {
  constructor(private readonly outside: StatementRunner) {}

  async findPage(couponId: number, { cursor, limit }: Page): Promise<IssuanceFailure[]> {
    return await this.outside.run(
      reading('failure.findPage', (view) =>
        view
          .rowsOf(view.tables.issuanceFailures.byReservation, couponId)
          .filter(({ failedAt, id }) => isBefore(failedAt, id, cursor))
          .sort((a, b) => b.failedAt.getTime() - a.failedAt.getTime() || b.id - a.id)
          .slice(0, limit)
          .map(entity),
      ),
    );
  }

  async countOpen(couponIds: readonly number[]): Promise<Map<number, number>> {
    if (couponIds.length === 0) return new Map();
    return await this.outside.run(
      reading('failure.countOpen', (view) => {
        const asked = [...new Set(couponIds)].sort((a, b) => a - b);
        const open = asked
          .flatMap((couponId) => view.rowsOf(view.tables.issuanceFailures.byReservation, couponId))
          .filter(({ retriedAt }) => retriedAt === null);
        const counts = new Map<number, number>();
        for (const { couponId } of open.slice(0, MAX_COUNTED)) counts.set(couponId, (counts.get(couponId) ?? 0) + 1);
        return counts;
      }),
    );
  }

  async find(couponId: number, failureId: number): Promise<IssuanceFailure | null> {
    return await this.outside.run(
      reading('failure.find', (view) => {
        const row = view.find(view.tables.issuanceFailures.byId, [failureId]);
        return row?.couponId === couponId ? entity(row) : null;
      }),
    );
  }

  async findOf(couponId: number, userIds: readonly number[]): Promise<IssuanceFailure[]> {
    return await this.outside.run(
      reading('failure.findOf', (view) =>
        view
          .rowsOf(view.tables.issuanceFailures.byReservation, couponId)
          .filter(({ userId }) => userIds.includes(userId))
          .sort((a, b) => a.id - b.id)
          .map(entity),
      ),
    );
  }

  async markRetried(failureId: number, retriedAt: Date): Promise<void> {
    await this.outside.run(
      locking('failure.markRetried', (view) =>
        view.update(view.tables.issuanceFailures.byId, [failureId], (row) => ({ ...row, retriedAt })),
      ),
    );
  }
}

function entity(row: FailureRow): IssuanceFailure {
  return Object.assign(new IssuanceFailure(), row);
}
