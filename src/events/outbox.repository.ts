import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ToldEvent } from './told-event.js';

/** The table `outbox`, as the deciding transaction writes it. */
@Injectable()
export class OutboxRepository {
  async insert(manager: EntityManager, events: readonly ToldEvent[]): Promise<void> {
    await manager.query('INSERT INTO outbox (subject, position, type, coupon_id, content, occurred_at) VALUES ?', [
      events.map(({ subject, position, type, couponId, content, occurredAt }) => [
        subject,
        position,
        type,
        couponId ?? null,
        JSON.stringify(content),
        occurredAt,
      ]),
    ]);
  }

  /** The position after the last one that is kept of a subject which has no row that could count them. */
  async nextPosition(manager: EntityManager, subject: string): Promise<number> {
    const [row] = await manager.query<Array<{ last: number | null }>>(
      'SELECT MAX(position) AS last FROM outbox WHERE subject = ?',
      [subject],
    );
    return (row?.last ?? 0) + 1;
  }
}
