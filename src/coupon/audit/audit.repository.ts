import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { withLongStatements } from '../../platform/database/pool/long-statements.js';

/** What MySQL has counted of a coupon, and what is there. */
export interface LedgerCounts {
  readonly totalQuantity: number;
  readonly issuedQuantity: number;
  readonly returnedQuantity: number;
  readonly rows: number;
  readonly distinctUsers: number;
  /** Rows whose slot was given back. */
  readonly slotsReturned: number;
}

@Injectable()
export class AuditRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** All of it at one moment: one statement sees one snapshot. */
  async counts(couponId: number): Promise<LedgerCounts | undefined> {
    const [row] = await withLongStatements(this.dataSource, (manager) =>
      manager.query<LedgerCounts[]>(
        `SELECT c.total_quantity AS totalQuantity,
                c.issued_quantity AS issuedQuantity,
                c.returned_quantity AS returnedQuantity,
                (SELECT COUNT(*) FROM user_coupons WHERE coupon_id = c.id) AS \`rows\`,
                (SELECT COUNT(DISTINCT user_id) FROM user_coupons WHERE coupon_id = c.id) AS distinctUsers,
                (SELECT COUNT(*) FROM user_coupons WHERE coupon_id = c.id AND slot_returned) AS slotsReturned
           FROM coupons c WHERE c.id = ?`,
        [couponId],
      ),
    );
    return row;
  }
}
