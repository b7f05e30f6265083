import { expect } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { DataSource } from 'typeorm';
import { loadConfig } from '../../src/config.js';
import { CouponCodeGenerator } from '../../src/coupon/issuance/coupon-code.js';
import { LockIssuanceRepository } from '../../src/coupon/lock/lock-issuance.repository.js';
import { LockIssuanceService } from '../../src/coupon/lock/lock-issuance.service.js';
import { RefusalTally } from '../../src/coupon/reservation/refusal-tally.js';
import { Outbox } from '../../src/events/outbox.js';
import { OutboxRepository } from '../../src/events/outbox.repository.js';
import { TransactionRunner } from '../../src/platform/database/transaction-runner.js';
import { EventPublisher } from '../../src/platform/events/event-publisher.js';
import { openDatabase, openDataSource, type TestDatabase, testDatabaseUrl } from './database.js';
import { numbersTo } from './numbers-to.js';
import { outcomeOf } from './outcome.js';
import { holdRowLock } from './row-lock.js';
import { insertCoupon } from './ledger-coupons.js';

interface Parts {
  readonly codes?: CouponCodeGenerator;
  readonly repository?: LockIssuanceRepository;
  readonly maxConcurrent?: number;
  readonly maxPerCoupon?: number;
  readonly waitMs?: number;
}

/** The pessimistic strategy on the real database, without the application around it. */
export class LockCoupons {
  private constructor(
    readonly database: TestDatabase,
    readonly dataSource: DataSource,
  ) {}

  static async open(): Promise<LockCoupons> {
    return new LockCoupons(openDatabase(), await openDataSource());
  }

  /** A service with a gate of its own; a part that is not given is the real one. */
  service({
    codes = new CouponCodeGenerator(),
    repository = new LockIssuanceRepository(),
    maxConcurrent = 5,
    maxPerCoupon = 2,
    waitMs = 60_000,
  }: Parts = {}): LockIssuanceService {
    const config = loadConfig({
      ...process.env,
      NODE_ENV: 'test',
      COUPON_LOCK_MAX_CONCURRENT: String(maxConcurrent),
      COUPON_LOCK_MAX_PER_COUPON: String(maxPerCoupon),
      COUPON_LOCK_WAIT_MS: String(waitMs),
    });
    return new LockIssuanceService(
      new TransactionRunner(this.dataSource, new EventPublisher(new EventEmitter2())),
      repository,
      codes,
      new Outbox(new OutboxRepository()),
      new RefusalTally(),
      config,
    );
  }

  /** A coupon that is open now; returns its id. */
  async create(overrides: Record<string, unknown> = {}): Promise<number> {
    return await insertCoupon(this.dataSource, { name: 'Lock coupon', strategy: 'lock', ...overrides });
  }

  /** Changes the row behind the application's back. */
  async change(couponId: number, assignments: string): Promise<void> {
    await this.database.change(`UPDATE coupons SET ${assignments} WHERE id = ?`, [couponId]);
  }

  /** Takes the coupon's row lock on a connection of its own; call the result to give it back. */
  async holdRowLock(couponId: number): Promise<() => Promise<void>> {
    return await holdRowLock(testDatabaseUrl(), 'coupons', couponId);
  }

  /** How many connections wait in MySQL for the row lock of this coupon. */
  async waitingForRowLock(couponId: number): Promise<number> {
    return await this.database.running(`%WHERE id = ${couponId} FOR UPDATE`);
  }

  /** Asserts that exactly the numbers 1 to `quantity` are issued, to as many users, and counted. */
  async expectLedger(couponId: number, quantity: number): Promise<void> {
    const rows = await this.database.userCoupons(couponId);
    expect(rows.map((row) => row.sequenceNumber)).toEqual(numbersTo(quantity));
    expect(new Set(rows.map((row) => row.userId)).size).toBe(quantity);
    expect((await this.database.couponCounts(couponId)).issuedQuantity).toBe(quantity);
  }
}

/** How an attempt to be issued a coupon ended: 'ISSUED', or as {@link outcomeOf} says. */
export function outcome(attempt: Promise<unknown>): Promise<string> {
  return outcomeOf(attempt, () => 'ISSUED');
}
