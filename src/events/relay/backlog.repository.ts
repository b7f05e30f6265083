import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';

/** More need not be counted to see that there are many. */
const MAX_COUNTED = 10_000;

/** What a sink has not got yet. */
export interface Backlog {
  /** 10,000 at most. */
  readonly events: number;
  /** How long the oldest of them has been waiting. */
  readonly oldestSeconds: number;
}

/** The tables of the outbox, as the metrics see them. */
@Injectable()
export class BacklogRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** 10,000 at most. */
  async countUndispatched(): Promise<number> {
    const [row] = await this.dataSource.query<Array<{ events: number }>>(
      `SELECT COUNT(*) AS events
         FROM (SELECT 1 FROM outbox WHERE is_dispatched = FALSE LIMIT ${MAX_COUNTED}) AS undispatched`,
    );
    return row?.events ?? 0;
  }

  async of(sink: string): Promise<Backlog> {
    const [row] = await this.dataSource.query<Array<{ events: number; oldestSeconds: string | null }>>(
      `SELECT COUNT(*) AS events, TIMESTAMPDIFF(MICROSECOND, MIN(created_at), UTC_TIMESTAMP(3)) / 1000000 AS oldestSeconds
         FROM (SELECT created_at FROM outbox_deliveries WHERE sink = ? AND status = 'PENDING'
                ORDER BY created_at LIMIT ${MAX_COUNTED}) AS pending`,
      [sink],
    );
    // A decimal, which the driver gives as text.
    return { events: row?.events ?? 0, oldestSeconds: Math.max(0, Number(row?.oldestSeconds ?? 0)) };
  }
}
