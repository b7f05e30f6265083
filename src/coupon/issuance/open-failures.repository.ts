import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';

/** A failure that nobody has retried. */
export interface OpenFailure {
  readonly failureId: number;
  readonly userId: number;
  readonly failedAt: Date;
}

/** Where the failures go on that are read in the order in which they came. */
export type FailurePosition = Pick<OpenFailure, 'failureId' | 'failedAt'>;

const FROM_THE_START: FailurePosition = { failureId: 0, failedAt: new Date(0) };
/** By the index over (coupon_id, retried_at, failed_at, id). */
const OPEN = `FROM issuance_failures
             WHERE coupon_id = ? AND retried_at IS NULL AND failed_at <= ? AND failed_at >= ?
               AND (failed_at > ? OR id > ?)`;

/** The failures of a coupon that nobody has retried, by the time and the id. */
@Injectable()
export class OpenFailuresRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The next ones after `position` of those up to `until`, at most `limit`. */
  async page(
    couponId: number,
    until: Date,
    { failedAt, failureId }: FailurePosition = FROM_THE_START,
    limit: number,
  ): Promise<OpenFailure[]> {
    return await this.dataSource.query<OpenFailure[]>(
      `SELECT id AS failureId, user_id AS userId, failed_at AS failedAt ${OPEN} ORDER BY failed_at, id LIMIT ?`,
      [couponId, until, failedAt, failedAt, failureId, limit],
    );
  }

  /** How many there are after `position`, of those up to `until`. */
  async count(
    couponId: number,
    until: Date,
    { failedAt, failureId }: FailurePosition = FROM_THE_START,
  ): Promise<number> {
    const [row] = await this.dataSource.query<Array<{ open: number | string }>>(`SELECT COUNT(*) AS open ${OPEN}`, [
      couponId,
      until,
      failedAt,
      failedAt,
      failureId,
    ]);
    return Number(row?.open ?? 0);
  }

  async markRetried(failureIds: readonly number[], retriedAt: Date): Promise<void> {
    if (failureIds.length === 0) return;
    await this.dataSource.query('UPDATE issuance_failures SET retried_at = ? WHERE id IN (?) AND retried_at IS NULL', [
      retriedAt,
      failureIds,
    ]);
  }
}
