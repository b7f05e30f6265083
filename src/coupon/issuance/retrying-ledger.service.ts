import { Inject, Injectable, Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG } from '../../platform/config/config.module.js';
import {
  databaseErrorMessage,
  isDeadlock,
  isDuplicateKey,
  isRefusedForGood,
} from '../../platform/database/database-errors.js';
import { LogLimit } from '../../platform/logging/log-limit.js';
import type { CouponConfig } from '../coupon.config.js';
import type { Reservation } from '../reservation/reservation.js';
import { CouponGoneError } from './issuance-errors.js';
import { IssuanceMetrics } from './issuance-metrics.js';
import { type Decision, Ledger } from './ledger.service.js';
import { RetryGate } from './retry-gate.js';

/** A drawn code or a row of another node was in the way; a new try draws and looks anew. */
const DUPLICATE_KEY_ATTEMPTS = 5;
const FIRST_RETRY_MS = 20;
/**
 * Where instances write to several nodes of a Galera cluster, those that decide about the same coupon lose by turns. That
 * is no trouble of the coupon: who loses tries again soon, with what it has in its hands, and waits for no lock by that.
 */
const DEADLOCK_ATTEMPTS = 12;
const FIRST_DEADLOCK_MS = 5;
const MAX_DEADLOCK_MS = 100;
const DEADLOCK_LINES = { lines: 1, intervalMs: 10_000 };

/** Of whoever wants a batch decided. */
export interface RetryOptions {
  /** Ends the trying again. */
  readonly stop: AbortSignal;
  /** Called when the first attempt has failed, before the next one. */
  readonly onRetry: () => void;
}

/**
 * The ledger, asked again for as long as it takes: an outage never costs a user their coupon (P3). At most
 * `coupon.issuance.maxRetrying` attempts that follow a failed one run at once.
 */
@Injectable()
export class RetryingLedger {
  private readonly logger = new Logger('Issuance');
  private readonly gate: RetryGate;
  private readonly deadlocks = new LogLimit(DEADLOCK_LINES, (count) =>
    this.logger.warn(`${count} more batches were issued again after a deadlock within 10 s`),
  );

  constructor(
    private readonly ledger: Ledger,
    private readonly metrics: IssuanceMetrics,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {
    this.gate = new RetryGate(config.coupon.issuance.maxRetrying);
  }

  /**
   * The ledger's decision; REFUSED when the database refuses something for good in a batch of several, of which nothing
   * is decided then. A single one that is refused is recorded as failed.
   *
   * @throws CouponGoneError, and when `stop` is aborted
   */
  async decide(couponId: number, batch: readonly Reservation[], options: RetryOptions): Promise<Decision | 'REFUSED'> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const decide = () => this.pastDeadlocks(couponId, options, () => this.ledger.decide(couponId, batch));
        const decision = await this.attempt(attempt, options, decide);
        if (attempt > 1) this.logger.log(`coupon ${couponId}: issuing again succeeded, try ${attempt}`);
        return decision;
      } catch (error) {
        const mayPass = isDuplicateKey(error) && attempt < DUPLICATE_KEY_ATTEMPTS;
        if (isRefusedForGood(error) && !mayPass) {
          if (batch.length > 1) return 'REFUSED';
          return await this.refuse(couponId, batch[0] as Reservation, error, options);
        }
        await this.waitAfter(error, couponId, attempt, options);
      }
    }
  }

  private async refuse(
    couponId: number,
    reservation: Reservation,
    refusal: unknown,
    options: RetryOptions,
  ): Promise<Decision> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const refuse = () =>
          this.pastDeadlocks(couponId, options, () => this.ledger.refuse(couponId, reservation, refusal));
        return await this.attempt(attempt, options, refuse);
      } catch (error) {
        await this.waitAfter(error, couponId, attempt, options);
      }
    }
  }

  /** One attempt, in which a deadlock is no failure, unless it comes again and again. Of many the log is told a few. */
  private async pastDeadlocks<T>(couponId: number, { stop }: RetryOptions, ask: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask();
      } catch (error) {
        if (!isDeadlock(error) || attempt === DEADLOCK_ATTEMPTS) throw error;
        stop.throwIfAborted();
        this.metrics.retries.inc();
        this.deadlocks.write(() => this.logger.warn(`coupon ${couponId}: a batch is issued again after a deadlock`));
        const longest = Math.min(FIRST_DEADLOCK_MS * 2 ** attempt, MAX_DEADLOCK_MS);
        await delay(longest * Math.random(), undefined, { signal: stop });
      }
    }
  }

  /** The first one never waits at the gate, so that a coupon in trouble holds up no other. */
  private async attempt<T>(attempt: number, { stop }: RetryOptions, ask: () => Promise<T>): Promise<T> {
    return attempt === 1 ? await ask() : await this.gate.run(ask, stop);
  }

  /**
   * Jittered exponential backoff. Logs the first failure of a row, not each.
   *
   * @throws the error when trying again is of no use, and when `stop` is aborted
   */
  private async waitAfter(
    error: unknown,
    couponId: number,
    attempt: number,
    { stop, onRetry }: RetryOptions,
  ): Promise<void> {
    if (error instanceof CouponGoneError) throw error;
    stop.throwIfAborted();
    this.metrics.retries.inc();
    if (attempt === 1) {
      this.logger.warn(`coupon ${couponId}: issuing again until it succeeds: ${databaseErrorMessage(error)}`);
      onRetry();
    }
    const longest = Math.min(FIRST_RETRY_MS * 2 ** attempt, this.config.coupon.issuance.retryMaxDelayMs);
    await delay(longest * (0.5 + Math.random() / 2), undefined, { signal: stop });
  }
}
