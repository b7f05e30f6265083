import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { EntityManager } from 'typeorm';
import { Outbox } from '../../events/index.js';
import { GateTimeoutError, KeyedGate } from '../../platform/concurrency/keyed-gate.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { isLockConflict } from '../../platform/database/database-errors.js';
import { type PublishAfterCommit, TransactionRunner } from '../../platform/database/transaction-runner.js';
import { DatabaseUnavailableError } from '../../platform/errors/platform.errors.js';
import { COUPON_LOCK } from '../coupon-connections.js';
import { decidedEvents } from '../coupon-events.js';
import type { CouponConfig } from '../coupon.config.js';
import {
  AlreadyIssuedError,
  CouponExpiredError,
  CouponInactiveError,
  CouponNotFoundError,
  CouponNotStartedError,
  CouponSoldOutError,
} from '../coupon.errors.js';
import { CouponCodeGenerator } from '../issuance/coupon-code.js';
import type { IssuedRow } from '../reservation-view.js';
import { RefusalTally } from '../reservation/refusal-tally.js';
import { useByOf } from '../usage-terms.js';
import { type LockStrategyCoupon, LockIssuanceRepository, type NewUserCoupon } from './lock-issuance.repository.js';

/** Two collisions in a row are as good as impossible; a generator that is broken must not hold the lock for ever. */
const CODE_ATTEMPTS = 5;
const REMEMBERED_COUPONS = 10_000;

/**
 * The pessimistic strategy (`strategy: lock`): no Redis, no reservation; who holds the coupon's row lock decides and
 * writes. For small coupons, and the baseline that the reservation is measured against.
 */
@Injectable()
export class LockIssuanceService {
  /** A popular coupon, or one whose row someone else has locked, has a part of the connections only. */
  private readonly gate: KeyedGate<number>;
  /** Coupons that have ended by MySQL's clock; forgotten in time to notice a change of `expiresAt` within a second. */
  private readonly ended: LRUCache<number, true>;

  constructor(
    private readonly transactions: TransactionRunner,
    private readonly repository: LockIssuanceRepository,
    private readonly codes: CouponCodeGenerator,
    private readonly outbox: Outbox,
    private readonly refusals: RefusalTally,
    @Inject(CONFIG) { coupon }: CouponConfig,
  ) {
    const { maxConcurrent, maxPerCoupon, waitMs } = coupon.lock;
    this.gate = new KeyedGate({ maxConcurrent, maxPerKey: maxPerCoupon, waitMs });
    this.ended = new LRUCache({ max: REMEMBERED_COUPONS, ttl: coupon.definitionRefreshMs });
  }

  /**
   * Issues the coupon to the user; committed when this resolves. The caller checks that the user exists. With
   * `ignoreWindow` whatever the window and the pause, for users whom an operator names.
   *
   * @throws CouponNotFoundError, CouponInactiveError, CouponNotStartedError, CouponExpiredError, AlreadyIssuedError,
   *   CouponSoldOutError, in this order, and then nothing has changed
   * @throws DatabaseUnavailableError when its turn did not come in `coupon.lock.waitMs`, or the lock was lost too often
   */
  async issue(couponId: number, userId: number, { ignoreWindow = false } = {}): Promise<IssuedRow> {
    try {
      if (!ignoreWindow) this.assertNotEnded(couponId);
      return await this.gate.run(couponId, async () => {
        // Whoever was inside before may have found out meanwhile.
        if (!ignoreWindow) this.assertNotEnded(couponId);
        return await this.transactions.run(
          (manager, publish) => this.decide(manager, publish, { couponId, userId, ignoreWindow }),
          { connections: COUPON_LOCK },
        );
      });
    } catch (error) {
      if (error instanceof CouponExpiredError && !this.ended.has(couponId)) this.ended.set(couponId, true);
      const told =
        error instanceof GateTimeoutError || isLockConflict(error)
          ? new DatabaseUnavailableError({ cause: error })
          : error;
      this.refusals.countError(couponId, told);
      throw told;
    }
  }

  /** Spares MySQL those who go on asking when all is over; it is asked once a second at most. */
  private assertNotEnded(couponId: number): void {
    if (this.ended.has(couponId)) throw new CouponExpiredError(couponId);
  }

  private async decide(
    manager: EntityManager,
    publish: PublishAfterCommit,
    { couponId, userId, ignoreWindow }: { couponId: number; userId: number; ignoreWindow: boolean },
  ): Promise<IssuedRow> {
    const coupon = await this.repository.lockCoupon(manager, couponId);
    if (coupon === undefined) throw new CouponNotFoundError(couponId);
    const { now, hasRow } = await this.repository.lookUpUser(manager, couponId, userId);
    if (!ignoreWindow) assertOpen(couponId, coupon, now);
    if (hasRow) throw new AlreadyIssuedError(couponId, userId);
    if (coupon.issuedQuantity >= coupon.capacity) throw new CouponSoldOutError(couponId);

    const sequenceNumber = coupon.lastSequenceNumber + 1;
    const row = { couponId, userId, sequenceNumber, issuedAt: now, expiresAt: useByOf(coupon, now) };
    const written = await this.insert(manager, row, coupon);
    const isSoldOut = coupon.issuedQuantity + 1 === coupon.capacity;
    const lastPosition = coupon.eventPosition + 1 + Number(isSoldOut);
    if (!(await this.repository.takeFromCapacity(manager, couponId, { sequenceNumber, lastPosition })))
      throw new CouponSoldOutError(couponId);
    const decided = { issued: [row], failed: [] };
    await this.outbox.write(manager, publish, decidedEvents(couponId, decided, { lastPosition, isSoldOut }, now));
    return { ...row, ...written, couponName: coupon.name };
  }

  private async insert(manager: EntityManager, row: Omit<NewUserCoupon, 'code'>, { codeFormat }: LockStrategyCoupon) {
    for (let attempt = 1; attempt <= CODE_ATTEMPTS; attempt += 1) {
      const code = this.codes.draw(codeFormat);
      const result = await this.repository.insert(manager, { ...row, code });
      if (result === 'USER_HAS_ROW') throw new AlreadyIssuedError(row.couponId, row.userId);
      if (result !== 'CODE_IS_TAKEN') return { userCouponId: result.userCouponId, code };
    }
    throw new Error(`coupon ${row.couponId}: ${CODE_ATTEMPTS} codes drawn in a row were taken`);
  }
}

function assertOpen(couponId: number, coupon: LockStrategyCoupon, now: Date): void {
  if (!coupon.isActive) throw new CouponInactiveError(couponId);
  if (now < coupon.startsAt) throw new CouponNotStartedError(couponId);
  if (now >= coupon.expiresAt) throw new CouponExpiredError(couponId);
}
