import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigint } from '../platform/database/columns.js';

/** Something that is sold. */
@Entity('products')
export class Product {
  @PrimaryColumn({ type: 'bigint', generated: 'increment', transformer: bigint })
  id!: number;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** In won, for one piece. */
  @Column({ type: 'bigint', transformer: bigint })
  price!: number;

  /** Pieces left; never below zero. */
  @Column({ type: 'bigint', transformer: bigint })
  stock!: number;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;
}
