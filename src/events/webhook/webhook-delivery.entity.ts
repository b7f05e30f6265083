import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigint } from '../../platform/database/columns.js';
import type { EventType } from '../told-event.js';

export const DELIVERY_STATUSES = ['PENDING', 'DELIVERED'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** An event that a sink is to get, or has got. */
@Entity('outbox_deliveries')
export class Delivery {
  @PrimaryColumn({ type: 'bigint', generated: 'increment', transformer: bigint })
  id!: number;

  @Column({ type: 'varchar', length: 32 })
  sink!: string;

  @Column({ type: 'varchar', length: 64 })
  subject!: string;

  @Column({ type: 'bigint', transformer: bigint })
  position!: number;

  @Column({ type: 'varchar', length: 64 })
  type!: EventType;

  @Column({ type: 'varchar', length: 16 })
  status!: DeliveryStatus;

  @Column({ type: 'int' })
  attempts!: number;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;

  @Column({ name: 'last_attempt_at', type: 'datetime', precision: 3, nullable: true })
  lastAttemptAt!: Date | null;

  @Column({ name: 'delivered_at', type: 'datetime', precision: 3, nullable: true })
  deliveredAt!: Date | null;

  @Column({ name: 'response_status', type: 'smallint', nullable: true })
  responseStatus!: number | null;

  @Column({ type: 'varchar', length: 255, nullable: true })
  error!: string | null;
}
