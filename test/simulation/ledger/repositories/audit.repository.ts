import type { AuditRepository, LedgerCounts } from '../../../../src/coupon/audit/audit.repository.js';
import { reading } from '../statement.js';
import type { PublicPart, StatementRunner } from './statement-runner.js';

/** The statements of the real one, over the simulated tables. */
export class SimulatedAuditRepository implements PublicPart<AuditRepository> {
  constructor(private readonly outside: StatementRunner) {}

  async counts(couponId: number): Promise<LedgerCounts | undefined> {
    return await this.outside.run(
      reading('audit.counts', (view) => {
        const coupon = view.find(view.tables.coupons.byId, [couponId]);
        if (coupon === undefined) return undefined;
        const { totalQuantity, issuedQuantity, returnedQuantity } = coupon;
        const rows = view.rowsOf(view.tables.userCoupons.byUser, couponId);
        return {
          totalQuantity,
          issuedQuantity,
          returnedQuantity,
          rows: rows.length,
          distinctUsers: new Set(rows.map(({ userId }) => userId)).size,
          slotsReturned: rows.filter(({ slotReturned }) => slotReturned).length,
        };
      }),
    );
  }
}
