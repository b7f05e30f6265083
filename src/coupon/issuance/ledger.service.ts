import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { EntityManager } from 'typeorm';
import { Outbox } from '../../events/index.js';
import { Clock } from '../../platform/clock.js';
import { databaseErrorMessage, isDuplicateKey } from '../../platform/database/database-errors.js';
import { type PublishAfterCommit, TransactionRunner } from '../../platform/database/transaction-runner.js';
import { FaultPoints } from '../../platform/fault-points.js';
import { COUPON_ISSUANCE } from '../coupon-connections.js';
import { decidedEvents } from '../coupon-events.js';
import type { Reservation } from '../reservation/reservation.js';
import { useByOf } from '../usage-terms.js';
import { CouponCodeGenerator } from './coupon-code.js';
import { CouponGoneError } from './issuance-errors.js';
import {
  type Counted,
  type FailedReservation,
  IssuanceRepository,
  type IssueTerms,
  type LedgerCoupon,
} from './issuance.repository.js';

declare module '../../platform/fault-points.js' {
  interface FaultPointNames {
    ledger: 'inside-transaction';
  }
}

/** How reservations ended. Final: asked again, the ledger says the same, unless a later attempt got a row meanwhile. */
export interface Decision {
  /** Their users hold a row, from now or from before. */
  readonly issued: readonly Reservation[];
  readonly failed: readonly FailedReservation[];
}

/** The length of `issuance_failures.detail`. */
const DETAIL_LENGTH = 1000;

const REMEMBERED_COUPONS = 10_000;

/** The transaction in which is decided, and in which is written what others are told of it. */
interface Deciding {
  readonly manager: EntityManager;
  readonly publish: PublishAfterCommit;
}

/** The issuer tries again for as long as it takes, and logs each time; so the runner need not. */
const ONE_ATTEMPT = { attempts: 1, connections: COUPON_ISSUANCE };

/**
 * MySQL decides: each reservation ends once and for all as a row in `user_coupons` or as one in `issuance_failures`, in
 * one transaction under the coupon's row lock. P1 and P2 hold here, whatever Redis says.
 */
@Injectable()
export class Ledger {
  /** As they were when a row lock or a look last showed them; whether they still hold, the counting statement asks. */
  private readonly terms = new LRUCache<number, IssueTerms>({ max: REMEMBERED_COUPONS });

  constructor(
    private readonly transactions: TransactionRunner,
    private readonly repository: IssuanceRepository,
    private readonly codes: CouponCodeGenerator,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly faults: FaultPoints,
  ) {}

  /**
   * Decides about reservations of one coupon: leaves alone what is decided, issues as many of the others as the stock
   * has room for, lowest number first, and fails the rest. When it throws, nothing is decided.
   *
   * @throws CouponGoneError, and the errors of the database
   */
  async decide(couponId: number, reservations: readonly Reservation[]): Promise<Decision> {
    try {
      return await this.run(
        async (deciding) =>
          (await this.issueAll(deciding, couponId, reservations)) ??
          (await this.decideEach(deciding, couponId, reservations)),
      );
    } catch (error) {
      // Some have a row already, or a drawn code is taken: the unique keys are what let issueAll be hopeful.
      if (!isDuplicateKey(error)) throw error;
      return await this.run((deciding) => this.decideEach(deciding, couponId, reservations));
    }
  }

  private async run(decide: (deciding: Deciding) => Promise<Decision>): Promise<Decision> {
    return await this.transactions.run((manager, publish) => decide({ manager, publish }), ONE_ATTEMPT);
  }

  /**
   * What nearly every batch of a drop is: all of it new, with room for all. Three statements, and no look-up; undefined,
   * and nothing done, when the coupon's counters say that there may be more to it.
   */
  private async issueAll(
    deciding: Deciding,
    couponId: number,
    reservations: readonly Reservation[],
  ): Promise<Decision | undefined> {
    const { manager } = deciding;
    const issued = reservations.length;
    const lowestNumber = Math.min(...reservations.map(({ sequenceNumber }) => sequenceNumber));
    const terms = await this.termsOf(manager, couponId);
    const conditions = { onlyIfNoneFailed: true, lowestNumber, onlyUnder: terms };
    const counted = await this.repository.takeFromCapacity(manager, couponId, { issued, events: 1, ...conditions });
    if (counted === undefined) return undefined;
    const now = this.clock.now();
    await this.insertRows(manager, couponId, terms, reservations, now);
    const decided = { issued: reservations, failed: [] };
    await this.tell(deciding, couponId, decided, counted, now);
    return decided;
  }

  private async decideEach(
    deciding: Deciding,
    couponId: number,
    reservations: readonly Reservation[],
  ): Promise<Decision> {
    const { manager } = deciding;
    const coupon = await this.lock(manager, couponId);
    const { holders, failed, undecided } = await this.sortOut(manager, coupon, reservations);
    const room = Math.max(0, coupon.capacity - coupon.issuedQuantity);
    const rows = oneOfEachUser(undecided).slice(0, room);
    for (const { userId } of rows) holders.add(userId);
    const refused = undecided
      .filter(({ userId }) => !holders.has(userId))
      .map((reservation) => ({
        ...reservation,
        reason: 'SOLD_OUT_IN_LEDGER' as const,
        detail: `all ${coupon.capacity} were issued already`,
      }));
    await this.record(deciding, coupon, { issued: rows, failed: refused });
    return decision(reservations, holders, [...failed, ...refused]);
  }

  /** Ends a reservation as FAILED because the database refuses its row for good, unless it is decided already. */
  async refuse(couponId: number, reservation: Reservation, error: unknown): Promise<Decision> {
    return await this.run(async (deciding) => {
      const { manager } = deciding;
      const coupon = await this.lock(manager, couponId);
      const { holders, failed, undecided } = await this.sortOut(manager, coupon, [reservation]);
      const detail = databaseErrorMessage(error).slice(0, DETAIL_LENGTH);
      const refused = undecided.map((each) => ({ ...each, reason: 'REFUSED_BY_DATABASE' as const, detail }));
      await this.record(deciding, coupon, { issued: [], failed: refused });
      return decision([reservation], holders, [...failed, ...refused]);
    });
  }

  private async lock(manager: EntityManager, couponId: number): Promise<LedgerCoupon> {
    const coupon = await this.repository.lockCoupon(manager, couponId);
    if (coupon === undefined) throw new CouponGoneError(couponId);
    const { codeFormat, usableDays, usableUntil } = coupon;
    this.terms.set(couponId, { codeFormat, usableDays, usableUntil });
    return coupon;
  }

  /** Who of the users holds a row, which of the reservations have failed, and the undecided ones by number. */
  private async sortOut(manager: EntityManager, coupon: LedgerCoupon, reservations: readonly Reservation[]) {
    const userIds = reservations.map(({ userId }) => userId);
    const holders = await this.repository.usersWithRow(manager, coupon.couponId, userIds);
    const failures =
      coupon.failedQuantity === 0 ? [] : await this.repository.failuresOf(manager, coupon.couponId, userIds);
    const failureByNumber = new Map(failures.map((failure) => [failure.sequenceNumber, failure]));

    const failed: FailedReservation[] = [];
    const undecided: Reservation[] = [];
    for (const reservation of [...reservations].sort((a, b) => a.sequenceNumber - b.sequenceNumber)) {
      const failure = failureByNumber.get(reservation.sequenceNumber);
      if (failure?.userId === reservation.userId) failed.push(failure);
      else if (!holders.has(reservation.userId)) undecided.push(reservation);
    }
    return { holders, failed, undecided };
  }

  private async record(deciding: Deciding, coupon: LedgerCoupon, decided: Decision): Promise<void> {
    const { manager } = deciding;
    const { couponId, sequenceBase } = coupon;
    const { issued, failed } = decided;
    if (issued.length + failed.length === 0) return;
    const now = this.clock.now();
    if (issued.length > 0) await this.insertRows(manager, couponId, coupon, issued, now);
    if (failed.length > 0) await this.repository.insertFailures(manager, couponId, failed, now);
    const outOfRoom = failed.some(({ reason }) => reason === 'SOLD_OUT_IN_LEDGER');
    const counted = await this.repository.takeFromCapacity(manager, couponId, {
      issued: issued.length,
      events: Number(issued.length > 0) + Number(failed.length > 0),
      failed: failed.length,
      late: issued.filter(({ sequenceNumber }) => sequenceNumber <= sequenceBase).length,
      outOfRoom,
    });
    if (counted === undefined)
      throw new Error(`coupon ${couponId} would be over-issued by ${issued.length} rows: rolled back`);
    await this.tell(deciding, couponId, decided, counted, now);
  }

  private async tell(
    { manager, publish }: Deciding,
    couponId: number,
    decided: Decision,
    counted: Counted,
    decidedAt: Date,
  ): Promise<void> {
    await this.outbox.write(manager, publish, decidedEvents(couponId, decided, counted, decidedAt));
    this.faults.reach('inside-transaction');
  }

  private async insertRows(
    manager: EntityManager,
    couponId: number,
    terms: IssueTerms,
    reservations: readonly Reservation[],
    issuedAt: Date,
  ): Promise<void> {
    const rows = reservations.map(({ userId, sequenceNumber }) => ({
      userId,
      sequenceNumber,
      code: this.codes.draw(terms.codeFormat),
    }));
    await this.repository.insertUserCoupons(manager, couponId, rows, { issuedAt, expiresAt: useByOf(terms, issuedAt) });
  }

  private async termsOf(manager: EntityManager, couponId: number): Promise<IssueTerms> {
    const known = this.terms.get(couponId);
    if (known !== undefined) return known;
    const found = await this.repository.termsOf(manager, couponId);
    if (found === undefined) throw new CouponGoneError(couponId);
    this.terms.set(couponId, found);
    return found;
  }
}

/** A user may ask twice, also under a number from before Redis lost its keys: one row ends both. */
function oneOfEachUser(byNumber: readonly Reservation[]): Reservation[] {
  const first = new Map<number, Reservation>();
  for (const reservation of byNumber) if (!first.has(reservation.userId)) first.set(reservation.userId, reservation);
  return [...first.values()];
}

/** The row comes first: the slot is its holder's, also when Redis brings back an older attempt that failed. */
function decision(
  reservations: readonly Reservation[],
  holders: ReadonlySet<number>,
  failed: readonly FailedReservation[],
): Decision {
  return {
    issued: reservations.filter(({ userId }) => holders.has(userId)),
    failed: failed.filter(({ userId }) => !holders.has(userId)),
  };
}
