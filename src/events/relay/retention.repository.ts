import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { EventHead } from './sink.js';

/** An event that nobody has to be told of any more. */
type ToldRow = Pick<EventHead, 'subject' | 'position'>;

/** The tables of the outbox, as what is old leaves them. */
@Injectable()
export class RetentionRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Dispatched events that are as old, and that none of these sinks still waits for. */
  async findOld(days: number, sinks: readonly string[], limit: number): Promise<ToldRow[]> {
    return await this.dataSource.query(
      `SELECT subject, position FROM outbox
        WHERE occurred_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY AND is_dispatched = TRUE
          AND NOT EXISTS (SELECT 1 FROM outbox_deliveries d
                           WHERE d.subject = outbox.subject AND d.position = outbox.position AND d.status = 'PENDING'
                             AND d.sink IN (?))
        ORDER BY occurred_at LIMIT ?`,
      // An empty list is no SQL; no sink has an empty key.
      [days, ['', ...sinks], limit],
    );
  }

  /** Deletes the events with all their deliveries. */
  async delete(manager: EntityManager, events: readonly ToldRow[]): Promise<void> {
    const isOneOf = events.map(() => '(subject = ? AND position = ?)').join(' OR ');
    const parameters = events.flatMap(({ subject, position }) => [subject, position]);
    await manager.query(`DELETE FROM outbox_deliveries WHERE ${isOneOf}`, parameters);
    await manager.query(`DELETE FROM outbox WHERE ${isOneOf}`, parameters);
  }

  /** The keys of the sinks that have something pending. */
  async findSinksInProgress(): Promise<string[]> {
    const rows = await this.dataSource.query<Array<{ sink: string }>>('SELECT DISTINCT sink FROM outbox_progress');
    return rows.map(({ sink }) => sink);
  }

  /** Deletes some of the progress of a sink; how many rows. */
  async deleteProgress(manager: EntityManager, sink: string, limit: number): Promise<number> {
    const { affectedRows } = await manager.query<{ affectedRows: number }>(
      'DELETE FROM outbox_progress WHERE sink = ? ORDER BY subject LIMIT ?',
      [sink, limit],
    );
    return affectedRows;
  }
}
