import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import { messageOf, stackOf } from '../../platform/errors/error-text.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { DefinitionPublisher } from '../reservation/definition-publisher.service.js';
import { SettlementStore } from '../reservation/settlement.store.js';
import { issuedReading } from '../reservation-reading.js';
import { IssuanceMetrics } from './issuance-metrics.js';
import { type FailedReservation, IssuanceRepository } from './issuance.repository.js';
import type { Decision } from './ledger.service.js';
import { ReservationWaiters } from './reservation-waiters.service.js';

/** Between two attempts to tell Redis what it could not be told. */
const RETRY_MS = 250;
/** Failures named in one line of the log. */
const MAX_NAMED = 10;

/** Carries a decision of the ledger out of MySQL, after its commit: to Redis and to those who wait for it. */
@Injectable()
export class SettlementService implements OnApplicationShutdown {
  private readonly logger = new Logger('Issuance');
  /** What Redis could not be told, by coupon; at most what the issuer had in hand when Redis went away. */
  private readonly untold = new Map<number, Decision[]>();
  private isTellingLater = false;
  private isStopped = false;

  constructor(
    private readonly store: SettlementStore,
    private readonly publisher: DefinitionPublisher,
    private readonly repository: IssuanceRepository,
    private readonly waiters: ReservationWaiters,
    private readonly metrics: IssuanceMetrics,
  ) {}

  onApplicationShutdown(): void {
    this.isStopped = true;
  }

  /**
   * Confirms the issued, releases the failed, answers the waiters. What Redis cannot be told now it is told later, and
   * this does not wait for that: a Redis that was rebuilt meanwhile may have no pending entry that a sweep would find.
   */
  async settle(couponId: number, decision: Decision): Promise<void> {
    this.metrics.issued.inc(decision.issued.length);
    for (const { reason } of decision.failed) this.metrics.failed.inc({ reason });
    try {
      await this.tellRedis(couponId, decision);
    } catch (error) {
      if (!isOutage(error)) throw error;
      this.tellLater(couponId, decision, messageOf(error));
    } finally {
      await this.answerWaiters(couponId, decision);
    }
  }

  private async tellRedis(couponId: number, decision: Decision): Promise<void> {
    await Promise.all([this.confirm(couponId, decision), this.release(couponId, decision)]);
  }

  private tellLater(couponId: number, decision: Decision, reason: string): void {
    const ofCoupon = this.untold.get(couponId) ?? [];
    this.untold.set(couponId, [...ofCoupon, decision]);
    if (this.isTellingLater) return;
    this.isTellingLater = true;
    // Once for an outage, not for each batch.
    this.logger.warn(`decided, but Redis cannot be told: ${reason}; it will be, as soon as it answers`);
    void this.tellUntold();
  }

  /** Tells Redis again and again, across connections, until there is nothing left that it was not told. */
  private async tellUntold(): Promise<void> {
    while (this.untold.size > 0) {
      await delay(RETRY_MS, undefined, { ref: false });
      if (this.isStopped) return;
      // What is added from here on is told next time.
      const untold = [...this.untold];
      this.untold.clear();
      for (const [couponId, decisions] of untold) await this.tellAgain(couponId, decisions);
    }
    this.isTellingLater = false;
    this.logger.log('Redis was told of everything that was decided');
  }

  private async tellAgain(couponId: number, decisions: readonly Decision[]): Promise<void> {
    for (const [index, decision] of decisions.entries()) {
      try {
        await this.tellRedis(couponId, decision);
      } catch (error) {
        if (isOutage(error)) {
          this.untold.set(couponId, [...decisions.slice(index), ...(this.untold.get(couponId) ?? [])]);
          return;
        }
        this.logger.error(`coupon ${couponId}: a decision cannot be told`, stackOf(error));
      }
    }
  }

  private async confirm(couponId: number, { issued }: Decision): Promise<void> {
    if (issued.length > 0) await this.store.confirm(couponId, issued);
  }

  /** When the ledger had no room, its capacity goes to Redis first: the freed slots must not admit the next victim. */
  private async release(couponId: number, { failed }: Decision): Promise<void> {
    if (failed.length === 0) return;
    if (failed.some(({ reason }) => reason === 'SOLD_OUT_IN_LEDGER')) await this.publisher.publish(couponId);
    const released = await this.store.release(couponId, failed);
    this.metrics.released.inc(released ?? 0);
    this.logger.warn(
      `coupon ${couponId}: ${failed.length} failed, ${released ?? 0} slots given back: ${named(failed)}`,
    );
  }

  private async answerWaiters(couponId: number, { issued, failed }: Decision): Promise<void> {
    for (const { userId, sequenceNumber, reason } of failed) {
      this.waiters.announce(couponId, userId, { status: 'FAILED', sequenceNumber, failureReason: reason });
    }
    const awaited = issued.filter(({ userId }) => this.waiters.isAwaited(couponId, userId));
    if (awaited.length === 0) return;
    const rows = await this.repository.issuedTo(
      couponId,
      awaited.map(({ userId }) => userId),
    );
    for (const row of rows) this.waiters.announce(couponId, row.userId, issuedReading(row));
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof RedisUnavailableError || isDatabaseUnavailable(error);
}

/** "number 7 of user 42, SOLD_OUT_IN_LEDGER (no room); ..." */
function named(failed: readonly FailedReservation[]): string {
  const names = failed
    .slice(0, MAX_NAMED)
    .map(
      ({ userId, sequenceNumber, reason, detail }) =>
        `number ${sequenceNumber} of user ${userId}, ${reason} (${detail})`,
    );
  return [...names, ...(failed.length > MAX_NAMED ? ['...'] : [])].join('; ');
}
