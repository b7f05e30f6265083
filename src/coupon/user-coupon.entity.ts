import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigint } from '../platform/database/columns.js';

/** The issued coupon of a user: the ledger. Written by the issuance, `used_at` by payments and refunds, `revoked_at` by an operator; never deleted. */
@Entity('user_coupons')
export class UserCoupon {
  @PrimaryColumn({ type: 'bigint', generated: 'increment', transformer: bigint })
  id!: number;

  @Column({ name: 'coupon_id', type: 'bigint', transformer: bigint })
  couponId!: number;

  @Column({ name: 'user_id', type: 'bigint', transformer: bigint })
  userId!: number;

  @Column({ name: 'sequence_number', type: 'bigint', transformer: bigint })
  sequenceNumber!: number;

  @Column({ type: 'varchar', length: 32, nullable: true })
  code!: string | null;

  @Column({ name: 'issued_at', type: 'datetime', precision: 3 })
  issuedAt!: Date;

  @Column({ name: 'used_at', type: 'datetime', precision: 3, nullable: true })
  usedAt!: Date | null;

  /** Until when it may be spent; the coupon's own terms say it at the issue. */
  @Column({ name: 'expires_at', type: 'datetime', precision: 3 })
  expiresAt!: Date;

  @Column({ name: 'revoked_at', type: 'datetime', precision: 3, nullable: true })
  revokedAt!: Date | null;

  /** Its slot counts in the coupon's `returnedQuantity`. */
  @Column({ name: 'slot_returned', type: 'boolean', default: false })
  slotReturned!: boolean;
}
