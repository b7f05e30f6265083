import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { EventHead } from './sink.js';

/** What waits for the relay. */
export interface Waiting {
  readonly isAnyUndispatched: boolean;
  /** The keys of the sinks for which something may be sent now. */
  readonly dueSinks: readonly string[];
}

/** An event that a sink is to get. */
export interface NewDelivery {
  readonly sink: string;
  readonly event: EventHead;
}

/** The tables `outbox`, `outbox_deliveries` and `outbox_progress`, as events come from the first into the others. */
@Injectable()
export class DispatchRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Asked many times a second, so it is one statement, which looks at a few entries of indexes. */
  async findWaiting(): Promise<Waiting> {
    const rows = await this.dataSource.query<Array<{ sink: string | null }>>(
      `(SELECT NULL AS sink FROM outbox WHERE is_dispatched = FALSE LIMIT 1)
       UNION ALL
       (SELECT sink FROM outbox_progress GROUP BY sink HAVING MIN(next_attempt_at) <= UTC_TIMESTAMP(3))`,
    );
    const dueSinks = rows.flatMap(({ sink }) => sink ?? []);
    return { isAnyUndispatched: dueSinks.length < rows.length, dueSinks };
  }

  /** The events that nobody has dispatched, those of a subject in their order. */
  async findUndispatched(limit: number): Promise<EventHead[]> {
    return await this.dataSource.query(
      `SELECT subject, position, type, coupon_id AS couponId FROM outbox
        WHERE is_dispatched = FALSE ORDER BY subject, position LIMIT ?`,
      [limit],
    );
  }

  /** Has the sinks get the deliveries, and notes that the events are dispatched. */
  async dispatch(
    manager: EntityManager,
    events: readonly EventHead[],
    deliveries: readonly NewDelivery[],
  ): Promise<void> {
    if (deliveries.length > 0) {
      await this.insertProgress(manager, deliveries);
      await this.insertDeliveries(manager, deliveries);
    }
    const isOneOf = events.map(() => '(subject = ? AND position = ?)').join(' OR ');
    await manager.query(
      `UPDATE outbox SET is_dispatched = TRUE WHERE ${isOneOf}`,
      events.flatMap(({ subject, position }) => [subject, position]),
    );
  }

  /**
   * Waits for whoever finds at this moment that the subject has caught up. What is there is written even if it is due
   * already: on a Galera cluster only who writes a row learns that another node has deleted it.
   */
  private async insertProgress(manager: EntityManager, deliveries: readonly NewDelivery[]): Promise<void> {
    await manager.query(
      `INSERT INTO outbox_progress (sink, subject, next_attempt_at)
       VALUES ${deliveries.map(() => '(?, ?, UTC_TIMESTAMP(3))').join(', ')}
       ON DUPLICATE KEY UPDATE next_attempt_at = IF(failing_since IS NULL, UTC_TIMESTAMP(3), next_attempt_at)`,
      deliveries.flatMap(({ sink, event }) => [sink, event.subject]),
    );
  }

  private async insertDeliveries(manager: EntityManager, deliveries: readonly NewDelivery[]): Promise<void> {
    await manager.query(
      `INSERT INTO outbox_deliveries (sink, subject, position, type, created_at)
       VALUES ${deliveries.map(() => '(?, ?, ?, ?, UTC_TIMESTAMP(3))').join(', ')}
       ON DUPLICATE KEY UPDATE attempts = attempts`,
      deliveries.flatMap(({ sink, event }) => [sink, event.subject, event.position, event.type]),
    );
  }
}
