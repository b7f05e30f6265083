import { Inject, Injectable, Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG } from '../../../platform/config/config.module.js';
import { isDatabaseUnavailable } from '../../../platform/database/database-errors.js';
import { StatementTimeoutError } from '../../../platform/database/pool/pool-errors.js';
import { stackOf } from '../../../platform/errors/error-text.js';
import { LogLimit } from '../../../platform/logging/log-limit.js';
import { RedisUnavailableError } from '../../../platform/redis/redis-errors.js';
import { endsWithin, withinTimeLimit } from '../../../platform/time-limit.js';
import type { CouponConfig } from '../../coupon.config.js';
import { CouponRepository } from '../../coupon.repository.js';
import { RedisCouponStore } from '../../reservation/redis-coupon.store.js';
import type { Reservation } from '../../reservation/reservation.js';
import { CouponIssuer } from '../coupon-issuer.service.js';
import { CouponGoneError } from '../issuance-errors.js';
import { IssuanceMetrics } from '../issuance-metrics.js';
import { KafkaTransportMetrics } from './kafka-transport-metrics.js';

/** So long one coupon may hold up the others of its partition. */
const RETRY_MS = 2_000;
const REDIS_AGAIN_MS = 250;
const DATABASE_ANSWERS_WITHIN_MS = 1_000;
const TROUBLE_LINES = { lines: 10, intervalMs: 10_000 };

/** Has the issuer bring what came out of Kafka to its end, or leaves it to the sweep. */
@Injectable()
export class BatchesInHand {
  private readonly logger = new Logger('Issuance');
  private readonly trouble = new LogLimit(TROUBLE_LINES, (count) =>
    this.logger.warn(`${count} more batches were left to the sweep within 10 s`),
  );
  /** Coupons of which a batch was left whose last attempt has not ended. */
  private readonly stuck = new Set<number>();

  constructor(
    private readonly issuer: CouponIssuer,
    private readonly store: RedisCouponStore,
    private readonly coupons: CouponRepository,
    private readonly metrics: KafkaTransportMetrics,
    private readonly issuanceMetrics: IssuanceMetrics,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  /**
   * Resolves when each of these reservations is settled, or was tried for two seconds: then the sweep issues it, and so
   * it does with what comes of the coupon until that last attempt has ended. Waits for as long as Redis or MySQL is away.
   *
   * @throws when `signal` is aborted before that
   */
  async issue(couponId: number, reservations: readonly Reservation[], signal: AbortSignal): Promise<void> {
    const { batchSize } = this.config.coupon.issuance;
    for (let first = 0; first < reservations.length; first += batchSize) {
      const arrived = reservations.slice(first, first + batchSize);
      const batch = await this.stillPending(couponId, arrived, signal);
      this.metrics.consumed.inc({ result: 'dropped' }, arrived.length - batch.length);
      if (batch.length === 0) continue;
      const isSettled = await this.isSettled(couponId, batch, signal);
      this.metrics.consumed.inc({ result: isSettled ? 'issued' : 'left' }, batch.length);
    }
  }

  /** Those who are pending with that very number, each once: messages come twice, and late. */
  private async stillPending(
    couponId: number,
    arrived: readonly Reservation[],
    signal: AbortSignal,
  ): Promise<Reservation[]> {
    const userIds = arrived.map(({ userId }) => userId);
    const numbers = await this.pendingNumbers(couponId, userIds, signal);
    const pending = arrived.filter(({ sequenceNumber }, index) => numbers[index] === sequenceNumber);
    return [...new Map(pending.map((each) => [each.sequenceNumber, each])).values()];
  }

  private async pendingNumbers(couponId: number, userIds: readonly number[], signal: AbortSignal) {
    for (;;) {
      signal.throwIfAborted();
      try {
        return await this.store.pendingNumbers(couponId, userIds);
      } catch (error) {
        if (!(error instanceof RedisUnavailableError)) throw error;
      }
      await delay(REDIS_AGAIN_MS, undefined, { signal });
    }
  }

  /** False when it is left to the sweep. */
  private async isSettled(couponId: number, batch: readonly Reservation[], signal: AbortSignal): Promise<boolean> {
    if (this.stuck.has(couponId)) return false;
    const givingUp = new AbortController();
    const attempt = this.attempt(couponId, batch, AbortSignal.any([givingUp.signal, signal]));
    for (;;) {
      const hasEnded = await endsWithin(attempt, RETRY_MS);
      signal.throwIfAborted();
      if (hasEnded) return await attempt;
      if (await this.isDatabaseAway(couponId)) continue;
      this.stuck.add(couponId);
      void attempt.finally(() => this.stuck.delete(couponId));
      givingUp.abort();
      this.leave(couponId, 'they could not be issued within 2 s');
      return false;
    }
  }

  /** Whether it was settled; false when `stop` was aborted before. */
  private async attempt(couponId: number, batch: readonly Reservation[], stop: AbortSignal): Promise<boolean> {
    const onDecided = (): void => this.recordCommit(batch);
    try {
      await this.issuer.issue(couponId, batch, stop, { onDecided });
      return true;
    } catch (error) {
      if (stop.aborted) return false;
      if (error instanceof CouponGoneError) this.leave(couponId, 'it has no row in MySQL');
      else this.logger.error(`coupon ${couponId}: batch given up`, stackOf(error));
      return false;
    }
  }

  /** Or only this coupon is in trouble: then MySQL answers a question that waits for no lock. */
  private async isDatabaseAway(couponId: number): Promise<boolean> {
    try {
      await withinTimeLimit(this.coupons.findMany([couponId]), DATABASE_ANSWERS_WITHIN_MS, late);
      return false;
    } catch (error) {
      if (error instanceof StatementTimeoutError || isDatabaseUnavailable(error)) return true;
      throw error;
    }
  }

  private leave(couponId: number, why: string): void {
    this.trouble.write(() => this.logger.warn(`coupon ${couponId}: reservations are left to the sweep: ${why}`));
  }

  /** By the clock of who reserved, and ours. */
  private recordCommit(batch: readonly Reservation[]): void {
    const [now, today] = [performance.now(), Date.now()];
    this.issuanceMetrics.recordCommit(
      batch.flatMap(({ reservedAt }) => (reservedAt ? [now - (today - reservedAt)] : [])),
    );
  }
}

function late(): Error {
  return new StatementTimeoutError(DATABASE_ANSWERS_WITHIN_MS);
}
