import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { GateTimeoutError, KeyedGate } from '../../platform/concurrency/keyed-gate.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { RowBusyError } from '../../platform/database/pool/pool-errors.js';
import { type PublishAfterCommit, TransactionRunner } from '../../platform/database/transaction-runner.js';
import { COUPON_CHANGES } from '../coupon-connections.js';
import type { CouponConfig } from '../coupon.config.js';

/**
 * Transactions that lock a coupon's row to look at the coupon or to change it, but for the issuance: a PATCH, a rebuild,
 * a sweep. In this process one at a time for each coupon, since the others could only wait for its row lock, with a
 * connection each.
 */
@Injectable()
export class CouponChanges {
  private readonly gate: KeyedGate<number>;
  private readonly waitMs: number;

  constructor(
    private readonly transactions: TransactionRunner,
    @Inject(CONFIG) { coupon, database }: CouponConfig,
  ) {
    this.waitMs = database.acquireTimeoutMs;
    this.gate = new KeyedGate({
      maxConcurrent: coupon.changes.maxConnections,
      maxPerKey: 1,
      waitMs: this.waitMs,
    });
  }

  /**
   * Runs a transaction about this coupon, as {@link TransactionRunner.run}; it must not wait for another one of these.
   *
   * @throws RowBusyError when its turn did not come in `database.acquireTimeoutMs`, and what `work` throws
   */
  async run<T>(
    couponId: number,
    work: (manager: EntityManager, publish: PublishAfterCommit) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.gate.run(couponId, () => this.transactions.run(work, { connections: COUPON_CHANGES }));
    } catch (error) {
      throw error instanceof GateTimeoutError ? new RowBusyError(this.waitMs, { cause: error }) : error;
    }
  }
}
