import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { EventType, ToldEvent } from '../told-event.js';
import type { SendResult } from './sink.js';

/** After so long without success a sink that can be disabled is. */
const GIVEN_UP_AFTER_DAYS = 3;
/** Of the column. */
const MAX_ERROR_LENGTH = 255;

/** A subject of which something is to be sent now. */
export interface DueSubject {
  readonly subject: string;
  /** How often in a row that has failed. */
  readonly failures: number;
}

/** The first event of a subject that a sink has not got. */
export interface NextEvent {
  readonly deliveryId: number;
  readonly event: ToldEvent;
}

/** An event that was sent, or could not be. */
export interface Attempt {
  readonly deliveryId: number;
  readonly subject: string;
}

interface EventRow {
  readonly deliveryId: number;
  readonly subject: string;
  readonly position: number;
  readonly type: EventType;
  readonly couponId: number | null;
  readonly content: string;
  readonly occurredAt: Date;
}

/**
 * The tables `outbox_deliveries` and `outbox_progress`, as events are sent. A subject has a row of progress as long as
 * something of it is pending; every transaction locks that row first.
 */
@Injectable()
export class DeliveryRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Who waits longest first. */
  async findDue(sink: string, limit: number): Promise<DueSubject[]> {
    return await this.dataSource.query(
      `SELECT subject, attempts AS failures FROM outbox_progress
        WHERE sink = ? AND next_attempt_at <= UTC_TIMESTAMP(3) ORDER BY next_attempt_at LIMIT ?`,
      [sink, limit],
    );
  }

  /** The pending event with the lowest position of each subject that has one. */
  async findNext(sink: string, subjects: readonly string[]): Promise<NextEvent[]> {
    const rows = await this.dataSource.query<EventRow[]>(
      `SELECT d.id AS deliveryId, o.subject, o.position, o.type, o.coupon_id AS couponId, o.content,
              o.occurred_at AS occurredAt
         FROM (SELECT subject, MIN(position) AS position FROM outbox_deliveries
                WHERE sink = ? AND status = 'PENDING' AND subject IN (?) GROUP BY subject) AS head
         JOIN outbox_deliveries d ON d.sink = ? AND d.subject = head.subject AND d.position = head.position
         JOIN outbox o ON o.subject = head.subject AND o.position = head.position`,
      [sink, subjects, sink],
    );
    return rows.map(({ deliveryId, couponId, content, ...row }) => ({
      deliveryId,
      event: { ...row, couponId: couponId ?? undefined, content: JSON.parse(content) as unknown },
    }));
  }

  async markDelivered(
    manager: EntityManager,
    sink: string,
    attempts: readonly Attempt[],
    responseStatus: number | null,
  ): Promise<void> {
    const subjects = attempts.map(({ subject }) => subject);
    await this.lockProgress(manager, sink, subjects);
    await manager.query(
      `UPDATE outbox_deliveries SET status = 'DELIVERED', attempts = attempts + 1, last_attempt_at = UTC_TIMESTAMP(3),
              delivered_at = UTC_TIMESTAMP(3), response_status = ?, error = NULL
        WHERE id IN (?)`,
      [responseStatus, attempts.map(({ deliveryId }) => deliveryId)],
    );
    await this.goOn(manager, sink, subjects);
  }

  /** Notes a failure; true when the subject has been failing for so long that the sink should be disabled. */
  async markFailed(
    manager: EntityManager,
    sink: string,
    { deliveryId, subject }: Attempt,
    { responseStatus, error }: SendResult,
    retryInMs: number,
  ): Promise<boolean> {
    await this.lockProgress(manager, sink, [subject]);
    await manager.query(
      `UPDATE outbox_deliveries SET attempts = attempts + 1, last_attempt_at = UTC_TIMESTAMP(3), response_status = ?,
              error = ?
        WHERE id = ?`,
      [responseStatus, error?.slice(0, MAX_ERROR_LENGTH) ?? null, deliveryId],
    );
    await manager.query(
      `UPDATE outbox_progress SET attempts = attempts + 1, failing_since = COALESCE(failing_since, UTC_TIMESTAMP(3)),
              next_attempt_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND
        WHERE sink = ? AND subject = ?`,
      [Math.ceil(retryInMs) * 1000, sink, subject],
    );
    const givenUp = await manager.query<unknown[]>(
      `SELECT 1 FROM outbox_progress
        WHERE sink = ? AND subject = ? AND failing_since <= UTC_TIMESTAMP(3) - INTERVAL ${GIVEN_UP_AFTER_DAYS} DAY`,
      [sink, subject],
    );
    return givenUp.length > 0;
  }

  /** Nothing of the subjects can be sent: those of which nothing is pending are no longer looked at. */
  async markCaughtUp(manager: EntityManager, sink: string, subjects: readonly string[]): Promise<void> {
    await this.lockProgress(manager, sink, subjects);
    await this.goOn(manager, sink, subjects);
  }

  /** Has the sink's next events be sent now, whatever has failed. */
  async makeDue(manager: EntityManager, sink: string): Promise<void> {
    await manager.query(
      `UPDATE outbox_progress SET attempts = 0, failing_since = NULL, next_attempt_at = UTC_TIMESTAMP(3) WHERE sink = ?`,
      [sink],
    );
  }

  /** Whoever adds something to the subject waits, and this one sees what was added. */
  private async lockProgress(manager: EntityManager, sink: string, subjects: readonly string[]): Promise<void> {
    await manager.query('SELECT subject FROM outbox_progress WHERE sink = ? AND subject IN (?) FOR UPDATE', [
      sink,
      subjects,
    ]);
  }

  private async goOn(manager: EntityManager, sink: string, subjects: readonly string[]): Promise<void> {
    const pending = await manager.query<Array<{ subject: string }>>(
      `SELECT DISTINCT d.subject FROM outbox_deliveries d JOIN outbox o ON o.subject = d.subject AND o.position = d.position
        WHERE d.sink = ? AND d.status = 'PENDING' AND d.subject IN (?)`,
      [sink, subjects],
    );
    const behind = pending.map(({ subject }) => subject);
    if (behind.length > 0) {
      await manager.query(
        `UPDATE outbox_progress SET attempts = 0, failing_since = NULL, next_attempt_at = UTC_TIMESTAMP(3)
          WHERE sink = ? AND subject IN (?)`,
        [sink, behind],
      );
    }
    const caughtUp = subjects.filter((subject) => !behind.includes(subject));
    if (caughtUp.length > 0) {
      await manager.query('DELETE FROM outbox_progress WHERE sink = ? AND subject IN (?)', [sink, caughtUp]);
    }
  }
}
