import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigint } from '../platform/database/columns.js';

/** Somebody who may take coupons and order products. */
@Entity('users')
export class User {
  @PrimaryColumn({ type: 'bigint', generated: 'increment', transformer: bigint })
  id!: number;

  @Column({ type: 'varchar', length: 100 })
  name!: string;

  /** Unique and compared byte by byte; null for somebody of whom none is known. */
  @Column({ type: 'varchar', length: 255, nullable: true })
  email!: string | null;

  /** In won; never below zero. */
  @Column({ type: 'bigint', default: 0, transformer: bigint })
  balance!: number;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;
}
