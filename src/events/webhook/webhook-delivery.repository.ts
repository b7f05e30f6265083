import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { newestFirst } from '../../platform/database/newest-first.js';
import { Delivery } from './webhook-delivery.entity.js';
import type { DeliveriesPage } from './webhook.schemas.js';

/** The table `outbox_deliveries`, as operators see it. */
@Injectable()
export class WebhookDeliveryRepository {
  constructor(@InjectRepository(Delivery) private readonly deliveries: Repository<Delivery>) {}

  /** The newest first by (created_at, id), from the one before `cursor` on. */
  async findPage(sink: string, { status, ...page }: DeliveriesPage): Promise<Delivery[]> {
    const query = this.deliveries.createQueryBuilder('delivery').where({ sink });
    if (status !== undefined) query.andWhere({ status });
    return await newestFirst(query, { time: 'delivery.createdAt', id: 'delivery.id' }, page).getMany();
  }

  /** When the next attempt is made of those of the subjects of which something is pending. */
  async findNextAttempts(sink: string, subjects: readonly string[]): Promise<Map<string, Date>> {
    if (subjects.length === 0) return new Map();
    const rows = await this.deliveries.query<Array<{ subject: string; nextAttemptAt: Date }>>(
      'SELECT subject, next_attempt_at AS nextAttemptAt FROM outbox_progress WHERE sink = ? AND subject IN (?)',
      [sink, subjects],
    );
    return new Map(rows.map(({ subject, nextAttemptAt }) => [subject, nextAttemptAt]));
  }

  /** The delivery, if its event is still kept. */
  async findKept(manager: EntityManager, sink: string, deliveryId: number): Promise<Delivery | null> {
    return await manager
      .createQueryBuilder(Delivery, 'delivery')
      .innerJoin('outbox', 'event', 'event.subject = delivery.subject AND event.position = delivery.position')
      .where({ sink, id: deliveryId })
      .getOne();
  }

  /** Has it sent again, now. */
  async replay(manager: EntityManager, { id, sink, subject }: Delivery): Promise<void> {
    await manager.query(
      `INSERT INTO outbox_progress (sink, subject, next_attempt_at) VALUES (?, ?, UTC_TIMESTAMP(3))
       ON DUPLICATE KEY UPDATE attempts = 0, failing_since = NULL, next_attempt_at = UTC_TIMESTAMP(3)`,
      [sink, subject],
    );
    await manager.query(`UPDATE outbox_deliveries SET status = 'PENDING', delivered_at = NULL WHERE id = ?`, [id]);
  }
}
