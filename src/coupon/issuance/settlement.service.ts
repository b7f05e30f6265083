import { Injectable, Logger } from '@nestjs/common';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { DefinitionPublisher } from '../reservation/definition-publisher.service.js';
import { SettlementStore } from '../reservation/settlement.store.js';
import { IssuanceMetrics } from './issuance-metrics.js';
import { IssuanceOutcomes } from './issuance-outcomes.js';
import { type FailedReservation, IssuanceRepository } from './issuance.repository.js';
import type { Decision } from './ledger.service.js';

/** Failures named in one line of the log. */
const MAX_NAMED = 10;

/** Carries a decision of the ledger out of MySQL, after its commit: to Redis and to those who wait for it. */
@Injectable()
export class SettlementService {
  private readonly logger = new Logger('Issuance');
  /** Redis could not be told of the last decision. */
  private isRedisBehind = false;

  constructor(
    private readonly store: SettlementStore,
    private readonly publisher: DefinitionPublisher,
    private readonly repository: IssuanceRepository,
    private readonly outcomes: IssuanceOutcomes,
    private readonly metrics: IssuanceMetrics,
  ) {}

  /** Confirms the issued, releases the failed, answers the waiters. Without Redis the entries wait for the sweep. */
  async settle(couponId: number, decision: Decision): Promise<void> {
    this.metrics.issued.inc(decision.issued.length);
    try {
      await Promise.all([this.confirm(couponId, decision), this.release(couponId, decision)]);
      if (this.isRedisBehind) this.logger.log('Redis is told of decisions again; the sweep tells it of those before');
      this.isRedisBehind = false;
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error;
      // Once for an outage, not for each batch.
      if (!this.isRedisBehind)
        this.logger.warn(`decided, but Redis can't be told: ${error.message}; the sweep will tell it`);
      this.isRedisBehind = true;
    } finally {
      await this.answerWaiters(couponId, decision);
    }
  }

  private async confirm(couponId: number, { issued }: Decision): Promise<void> {
    if (issued.length > 0) await this.store.confirm(couponId, issued);
  }

  /** When the ledger had no room, its total goes to Redis first: the freed slots must not admit the next victim. */
  private async release(couponId: number, { failed }: Decision): Promise<void> {
    if (failed.length === 0) return;
    if (failed.some(({ reason }) => reason === 'SOLD_OUT_IN_LEDGER')) await this.publisher.publish(couponId);
    const released = await this.store.release(couponId, failed);
    for (const { reason } of failed) this.metrics.failed.inc({ reason });
    this.metrics.released.inc(released ?? 0);
    this.logger.warn(
      `coupon ${couponId}: ${failed.length} failed, ${released ?? 0} slots given back: ${named(failed)}`,
    );
  }

  private async answerWaiters(couponId: number, { issued, failed }: Decision): Promise<void> {
    for (const failure of failed) {
      this.outcomes.announce(couponId, failure.sequenceNumber, { status: 'FAILED', failure });
    }
    const awaited = issued.filter(({ sequenceNumber }) => this.outcomes.isAwaited(couponId, sequenceNumber));
    if (awaited.length === 0) return;
    const rows = await this.repository.issuedTo(
      couponId,
      awaited.map(({ userId }) => userId),
    );
    const rowOf = new Map(rows.map((row) => [row.userId, row]));
    for (const { userId, sequenceNumber } of awaited) {
      const row = rowOf.get(userId);
      if (row !== undefined) this.outcomes.announce(couponId, sequenceNumber, { status: 'ISSUED', row });
    }
  }
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
