import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { CodeFormat } from '../coupon.entity.js';
import type { FailureReason } from '../issuance-failure.entity.js';
import type { Reservation } from '../reservation/reservation.js';
import { usableUntilIn, type UseByTerms } from '../usage-terms.js';

/** What is written into every row: which code it has, and until when it may be spent. */
export interface IssueTerms extends UseByTerms {
  readonly codeFormat: CodeFormat;
}

/** The coupon as the deciding transaction sees it, under its row lock. */
export interface LedgerCoupon extends IssueTerms {
  readonly couponId: number;
  readonly capacity: number;
  readonly issuedQuantity: number;
  readonly failedQuantity: number;
  readonly sequenceBase: number;
}

export interface FailedReservation extends Reservation {
  readonly reason: FailureReason;
  readonly detail: string;
}

/** What a decision adds to the coupon's counters, and on which conditions. */
export interface CounterChange {
  readonly issued: number;
  /** How many events tell of it, besides the one that the coupon is sold out. */
  readonly events: number;
  readonly failed?: number;
  readonly outOfRoom?: boolean;
  readonly late?: number;
  readonly onlyIfNoneFailed?: boolean;
  readonly lowestNumber?: number;
  readonly onlyUnder?: UseByTerms;
}

/** What the coupon's row says once a decision is counted. */
export interface Counted {
  /** Of the last event that tells of the decision. */
  readonly lastPosition: number;
  /** The decision issued the last of the capacity; one event more tells of it. */
  readonly isSoldOut: boolean;
}

/** A row of `user_coupons`. */
export interface IssuedCoupon {
  readonly userCouponId: number;
  readonly userId: number;
  readonly sequenceNumber: number;
  readonly code: string | null;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** When rows are issued, and until when they may be spent. */
export interface IssueTimes {
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

const ISSUE_TERMS = `code_format AS codeFormat, usable_days AS usableDays, ${usableUntilIn()} AS usableUntil`;

/** The ledger's tables. What belongs to the deciding transaction is given its EntityManager. */
@Injectable()
export class IssuanceRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Locks the coupon's row: whoever holds it decides; undefined when there is no such coupon. */
  async lockCoupon(manager: EntityManager, couponId: number): Promise<LedgerCoupon | undefined> {
    const [row] = await manager.query<LedgerCoupon[]>(
      `SELECT id AS couponId, capacity, issued_quantity AS issuedQuantity,
              failed_quantity AS failedQuantity, sequence_base AS sequenceBase, ${ISSUE_TERMS}
         FROM coupons WHERE id = ? FOR UPDATE`,
      [couponId],
    );
    return row;
  }

  /** Which of these users already have a row. */
  async usersWithRow(manager: EntityManager, couponId: number, userIds: readonly number[]): Promise<Set<number>> {
    const rows = await manager.query<Array<{ userId: number }>>(
      'SELECT user_id AS userId FROM user_coupons WHERE coupon_id = ? AND user_id IN (?)',
      [couponId, userIds],
    );
    return new Set(rows.map(({ userId }) => userId));
  }

  /** The failures recorded for these users, whatever their sequence numbers. */
  async failuresOf(manager: EntityManager, couponId: number, userIds: readonly number[]): Promise<FailedReservation[]> {
    return await manager.query<FailedReservation[]>(
      `SELECT user_id AS userId, sequence_number AS sequenceNumber, reason, detail
         FROM issuance_failures WHERE coupon_id = ? AND user_id IN (?)`,
      [couponId, userIds],
    );
  }

  async insertUserCoupons(
    manager: EntityManager,
    couponId: number,
    rows: ReadonlyArray<Reservation & { readonly code: string | null }>,
    { issuedAt, expiresAt }: IssueTimes,
  ): Promise<void> {
    await manager.query(
      'INSERT INTO user_coupons (coupon_id, user_id, sequence_number, code, issued_at, expires_at) VALUES ?',
      [rows.map(({ userId, sequenceNumber, code }) => [couponId, userId, sequenceNumber, code, issuedAt, expiresAt])],
    );
  }

  async insertFailures(
    manager: EntityManager,
    couponId: number,
    failures: readonly FailedReservation[],
    failedAt: Date,
  ): Promise<void> {
    await manager.query(
      'INSERT INTO issuance_failures (coupon_id, user_id, sequence_number, reason, detail, failed_at) VALUES ?',
      [
        failures.map((failure) => [
          couponId,
          failure.userId,
          failure.sequenceNumber,
          failure.reason,
          failure.detail,
          failedAt,
        ]),
      ],
    );
  }

  /** What rows of the coupon are to say, as it is now; undefined when there is no such coupon. */
  async termsOf(manager: EntityManager, couponId: number): Promise<IssueTerms | undefined> {
    const [row] = await manager.query<IssueTerms[]>(`SELECT ${ISSUE_TERMS} FROM coupons WHERE id = ?`, [couponId]);
    return row;
  }

  /**
   * P1: adds what was decided to the coupon's counters, and takes its row lock, unless more than the capacity would be
   * issued: then undefined, and what was inserted must be rolled back. With `onlyIfNoneFailed` it is undefined too once
   * a reservation of the coupon has failed, with `lowestNumber` when that was given out before the last rebuild, with
   * `onlyUnder` when a PATCH has changed until when it may be spent.
   * `outOfRoom` also makes the definition newer, so that Redis takes the ledger's capacity even when someone changed the
   * table behind our back.
   *
   * The positions of the decision's events are counted in the same statement (P12), and come back with its answer:
   * LAST_INSERT_ID(...) is twice the last one, and one more when the coupon is sold out. It stands first, where
   * `issued_quantity` is still the one of before.
   */
  async takeFromCapacity(
    manager: EntityManager,
    couponId: number,
    {
      issued,
      events,
      failed = 0,
      late = 0,
      outOfRoom = false,
      onlyIfNoneFailed = false,
      lowestNumber,
      onlyUnder,
    }: CounterChange,
  ): Promise<Counted | undefined> {
    const { affectedRows, insertId } = await manager.query<{ affectedRows: number; insertId: number }>(
      `UPDATE coupons
          SET event_position =
                LAST_INSERT_ID(2 * (event_position + ?) + 3 * (? > 0 AND issued_quantity + ? = capacity)) DIV 2,
              issued_quantity = issued_quantity + ?, failed_quantity = failed_quantity + ?, version = version + ?,
              late_quantity = late_quantity + ?
        WHERE id = ? AND (? = 0 OR issued_quantity + ? <= capacity) AND (? = 0 OR failed_quantity = 0)
          AND sequence_base < ? AND (? = 0 OR (usable_days <=> ? AND ${usableUntilIn()} = ?))`,
      [
        events,
        issued,
        issued,
        issued,
        failed,
        Number(outOfRoom),
        late,
        couponId,
        issued,
        issued,
        Number(onlyIfNoneFailed),
        lowestNumber ?? Number.MAX_SAFE_INTEGER,
        Number(onlyUnder !== undefined),
        onlyUnder?.usableDays ?? null,
        onlyUnder?.usableUntil ?? null,
      ],
    );
    if (affectedRows !== 1) return undefined;
    return { lastPosition: Math.floor(insertId / 2), isSoldOut: insertId % 2 === 1 };
  }

  /** Redis has the users of as many late rows, which were all of this epoch when they were counted. */
  async lateRowsAreKnown(couponId: number, epoch: number, lateQuantity: number): Promise<void> {
    await this.dataSource.query(
      'UPDATE coupons SET late_quantity = 0 WHERE id = ? AND epoch = ? AND late_quantity = ?',
      [couponId, epoch, lateQuantity],
    );
  }

  /** The rows of these users, once they are committed. */
  async issuedTo(couponId: number, userIds: readonly number[]): Promise<IssuedCoupon[]> {
    return await this.dataSource.query<IssuedCoupon[]>(
      `SELECT id AS userCouponId, user_id AS userId, sequence_number AS sequenceNumber, code, issued_at AS issuedAt,
              expires_at AS expiresAt
         FROM user_coupons WHERE coupon_id = ? AND user_id IN (?)`,
      [couponId, userIds],
    );
  }
}
