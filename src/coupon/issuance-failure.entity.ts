import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigint } from '../platform/database/columns.js';

/** Why a reservation ended as FAILED: the ledger had no room, the database refuses this row for good, or the coupon is gone. */
export const FAILURE_REASONS = ['SOLD_OUT_IN_LEDGER', 'REFUSED_BY_DATABASE', 'COUPON_DELETED'] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** A reservation that ended as FAILED; at most one for each (coupon, user, sequence number). */
@Entity('issuance_failures')
export class IssuanceFailure {
  @PrimaryColumn({ type: 'bigint', generated: 'increment', transformer: bigint })
  id!: number;

  @Column({ name: 'coupon_id', type: 'bigint', transformer: bigint })
  couponId!: number;

  @Column({ name: 'user_id', type: 'bigint', transformer: bigint })
  userId!: number;

  @Column({ name: 'sequence_number', type: 'bigint', transformer: bigint })
  sequenceNumber!: number;

  @Column({ type: 'varchar', length: 64 })
  reason!: FailureReason;

  @Column({ type: 'varchar', length: 1000 })
  detail!: string;

  @Column({ name: 'failed_at', type: 'datetime', precision: 3 })
  failedAt!: Date;

  @Column({ name: 'retried_at', type: 'datetime', precision: 3, nullable: true })
  retriedAt!: Date | null;
}
