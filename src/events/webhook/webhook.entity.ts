import { Column, Entity, PrimaryColumn, type ValueTransformer } from 'typeorm';
import { bigint } from '../../platform/database/columns.js';
import type { EventType } from '../told-event.js';

export const WEBHOOK_STATUSES = ['active', 'disabled'] as const;
export type WebhookStatus = (typeof WEBHOOK_STATUSES)[number];

const json: ValueTransformer = {
  to: (value: unknown) => (value === null ? null : JSON.stringify(value)),
  from: (text: string | null) => (text === null ? null : (JSON.parse(text) as unknown)),
};

/** Where somebody wants to be told of events. */
@Entity('webhooks')
export class Webhook {
  @PrimaryColumn({ type: 'bigint', generated: 'increment', transformer: bigint })
  id!: number;

  @Column({ type: 'varchar', length: 2048 })
  url!: string;

  @Column({ name: 'event_types', type: 'text', transformer: json })
  eventTypes!: EventType[];

  /** Only events about these; null: about any coupon or none. */
  @Column({ name: 'coupon_ids', type: 'text', nullable: true, transformer: json })
  couponIds!: number[] | null;

  @Column({ type: 'varchar', length: 64 })
  secret!: string;

  /** Signs too, until {@link previousUntil}. */
  @Column({ name: 'previous_secret', type: 'varchar', length: 64, nullable: true })
  previousSecret!: string | null;

  @Column({ name: 'previous_until', type: 'datetime', precision: 3, nullable: true })
  previousUntil!: Date | null;

  @Column({ type: 'varchar', length: 16 })
  status!: WebhookStatus;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;
}
