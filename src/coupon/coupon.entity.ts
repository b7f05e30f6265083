import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigint, numberList } from '../platform/database/columns.js';
import { type Challenge, type Entry, OPEN_ENTRY } from './entry-terms.js';

/** Who may ask: users of the table `users`, or any user id. */
export const AUDIENCES = ['registered', 'anyone'] as const;
export const CODE_FORMATS = ['none', 'alphanumeric', 'hangul'] as const;
/** How slots are decided: reserved in Redis and issued by the saga, or under MySQL's row lock. */
export const STRATEGIES = ['reservation', 'lock'] as const;

export type Audience = (typeof AUDIENCES)[number];
export type CodeFormat = (typeof CODE_FORMATS)[number];
export type Strategy = (typeof STRATEGIES)[number];

/**
 * A promotion: its definition, and what the ledger has counted so far. The seed of its entry tickets is not here, so that
 * it gets nowhere with a coupon: see entry/entry-seed.repository.ts.
 */
@Entity('coupons')
export class Coupon {
  @PrimaryColumn({ type: 'bigint', generated: 'increment', transformer: bigint })
  id!: number;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  @Column({ name: 'total_quantity', type: 'int' })
  totalQuantity!: number;

  /** Slots that revocations gave back; rows never shrink. */
  @Column({ name: 'returned_quantity', type: 'int', default: 0 })
  returnedQuantity!: number;

  /** Rows in `user_coupons`; P1 is its guarded update in issuance.repository.ts. */
  @Column({ name: 'issued_quantity', type: 'int', default: 0 })
  issuedQuantity!: number;

  /** Rows in `issuance_failures`. */
  @Column({ name: 'failed_quantity', type: 'int', default: 0 })
  failedQuantity!: number;

  @Column({ name: 'discount_amount', type: 'bigint', nullable: true, transformer: bigint })
  discountAmount!: number | null;

  @Column({ name: 'discount_rate', type: 'int', nullable: true })
  discountRate!: number | null;

  @Column({ name: 'starts_at', type: 'datetime', precision: 3 })
  startsAt!: Date;

  @Column({ name: 'expires_at', type: 'datetime', precision: 3 })
  expiresAt!: Date;

  /** The latest `expiresAt` that the coupon had before it was moved to an earlier one; see usage-terms.ts. */
  @Column({ name: 'latest_expires_at', type: 'datetime', precision: 3 })
  latestExpiresAt!: Date;

  @Column({ name: 'usable_days', type: 'int', nullable: true })
  usableDays!: number | null;

  @Column({ name: 'usable_until', type: 'datetime', precision: 3, nullable: true })
  usableUntil!: Date | null;

  @Column({ name: 'is_redeemable', type: 'boolean', default: true })
  isRedeemable!: boolean;

  @Column({ name: 'min_order_amount', type: 'bigint', nullable: true, transformer: bigint })
  minOrderAmount!: number | null;

  @Column({ name: 'max_discount_amount', type: 'bigint', nullable: true, transformer: bigint })
  maxDiscountAmount!: number | null;

  @Column({ name: 'product_ids', type: 'varchar', length: 2000, nullable: true, transformer: numberList })
  productIds!: readonly number[] | null;

  @Column({ name: 'is_active', type: 'boolean', default: true })
  isActive!: boolean;

  @Column({ type: 'varchar', length: 16 })
  audience!: Audience;

  @Column({ name: 'code_format', type: 'varchar', length: 16 })
  codeFormat!: CodeFormat;

  @Column({ type: 'varchar', length: 16 })
  strategy!: Strategy;

  @Column({ type: 'varchar', length: 16, default: OPEN_ENTRY.entry })
  entry!: Entry;

  /** null: some time before the start, see entry-terms.ts. */
  @Column({ name: 'entry_opens_at', type: 'datetime', precision: 3, nullable: true })
  entryOpensAt!: Date | null;

  @Column({ name: 'entry_spread_seconds', type: 'int', default: OPEN_ENTRY.entrySpreadSeconds })
  entrySpreadSeconds!: number;

  @Column({ type: 'varchar', length: 16, default: OPEN_ENTRY.challenge })
  challenge!: Challenge;

  /** Grows with every change of the definition: Redis takes only a newer one. */
  @Column({ type: 'bigint', default: 1, transformer: bigint })
  version!: number;

  /** How often the Redis keys have been rebuilt; 0 = never loaded. */
  @Column({ type: 'bigint', default: 0, transformer: bigint })
  epoch!: number;

  /** The number above which the sequence went on after the last rebuild (P5): whoever has one up to it came before. */
  @Column({ name: 'sequence_base', type: 'bigint', default: 0, transformer: bigint })
  sequenceBase!: number;

  /** Rows written since the last rebuild for reservations from before it, until Redis is known to have their users. */
  @Column({ name: 'late_quantity', type: 'int', default: 0 })
  lateQuantity!: number;

  /** Of the last event that tells other systems of the coupon. */
  @Column({ name: 'event_position', type: 'bigint', default: 0, transformer: bigint })
  eventPosition!: number;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;

  /** When the definition was last changed; null: it is as it was created. */
  @Column({ name: 'updated_at', type: 'datetime', precision: 3, nullable: true })
  updatedAt!: Date | null;

  /** How many rows there may be (P1). In statements it is the column of that name, which the database adds up. */
  get capacity(): number {
    return this.totalQuantity + this.returnedQuantity;
  }
}
