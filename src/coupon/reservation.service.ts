import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../platform/config/config.module.js';
import { RedisUnavailableError } from '../platform/redis/redis-errors.js';
import { UserDirectory, UserNotFoundError } from '../user/index.js';
import type { CouponConfig } from './coupon.config.js';
import {
  CouponNotFoundError,
  IssuanceFailedError,
  ReservationNotFoundError,
  ReservationUnavailableError,
} from './coupon.errors.js';
import { IssuanceOutcomes } from './issuance/issuance-outcomes.js';
import { LedgerRepository } from './ledger.repository.js';
import { LockIssuanceService } from './lock/lock-issuance.service.js';
import {
  type Issued,
  type IssuedRow,
  issued,
  type ReservationState,
  type Reserved,
  reserved,
} from './reservation-view.js';
import type { CouponDefinition } from './reservation/coupon-definition.js';
import { DefinitionCache } from './reservation/definition-cache.js';
import { RedisCouponStore } from './reservation/redis-coupon.store.js';
import { RefusalTally } from './reservation/refusal-tally.js';
import { ReserveBatcher } from './reservation/reserve-batcher.js';

/** What callers do with reservations: make one, make one and wait until it is issued, look one up. */
@Injectable()
export class ReservationService {
  constructor(
    private readonly definitions: DefinitionCache,
    private readonly users: UserDirectory,
    private readonly refusals: RefusalTally,
    private readonly batcher: ReserveBatcher,
    private readonly lockStrategy: LockIssuanceService,
    private readonly outcomes: IssuanceOutcomes,
    private readonly store: RedisCouponStore,
    private readonly ledgerRepository: LedgerRepository,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  /** Reserves a slot, without waiting for MySQL. Throws the refusals in the order of their codes in the API. */
  async reserve(couponId: number, userId: number): Promise<Reserved> {
    const definition = await this.definitionFor(couponId, userId);
    if (definition.strategy === 'lock') return reservedByLock(await this.lockStrategy.issue(couponId, userId));
    const { sequenceNumber } = await this.batcher.reserve(definition, userId);
    return reserved(couponId, userId, sequenceNumber);
  }

  /**
   * Reserves a slot and waits until its row is committed, at most `coupon.issueTimeoutMs`; then the issuance goes on.
   *
   * @throws IssuanceFailedError when the reservation failed for good
   */
  async issue(couponId: number, userId: number): Promise<Issued | Reserved> {
    const definition = await this.definitionFor(couponId, userId);
    if (definition.strategy === 'lock') return issued(await this.lockStrategy.issue(couponId, userId));
    const { sequenceNumber } = await this.batcher.reserve(definition, userId);
    // In time: the queue takes the first batch in a later turn of the event loop.
    const ended = await this.outcomes.wait(couponId, sequenceNumber, this.config.coupon.issueTimeoutMs);
    if (ended === undefined) return reserved(couponId, userId, sequenceNumber);
    if (ended.status === 'FAILED') throw new IssuanceFailedError(ended.failure.reason);
    const { userCouponId, code, issuedAt } = ended.row;
    return issued({
      userCouponId,
      couponId,
      couponName: definition.name,
      userId,
      sequenceNumber: ended.row.sequenceNumber,
      code,
      issuedAt,
      expiresAt: new Date(definition.expiresAt),
    });
  }

  /**
   * The user's reservation: pending in Redis, or as the ledger has it.
   *
   * @throws CouponNotFoundError, ReservationNotFoundError, ReservationUnavailableError when Redis is needed and is away
   */
  async find(couponId: number, userId: number): Promise<ReservationState> {
    const definition = await this.definitions.require(couponId);
    const pending = definition.strategy === 'lock' ? undefined : await this.pendingNumber(couponId, userId);
    if (typeof pending === 'number') return { couponId, userId, sequenceNumber: pending, status: 'RESERVED' };
    const row = await this.ledgerRepository.findRow(couponId, userId);
    if (row !== undefined) return { couponId, userId, status: 'ISSUED', ...row };
    // A failure may be followed by a reservation that only Redis knows of.
    if (pending === 'UNKNOWN') throw new ReservationUnavailableError(couponId);
    const failure = await this.ledgerRepository.findLatestFailure(couponId, userId);
    if (failure !== undefined) return { couponId, userId, status: 'FAILED', ...failure };
    throw new ReservationNotFoundError(couponId, userId);
  }

  /** The coupon's definition, for a user who belongs to its audience; from memory where that can tell. */
  private async definitionFor(couponId: number, userId: number): Promise<CouponDefinition> {
    try {
      const definition = this.definitions.peek(couponId) ?? (await this.definitions.require(couponId));
      const isOfAudience = definition.audience === 'anyone' || this.users.isKnown(userId);
      if (!isOfAudience && !(await this.users.exists(userId))) throw new UserNotFoundError(userId);
      return definition;
    } catch (error) {
      // Of a coupon that is not there nobody watches the refusals.
      if (!(error instanceof CouponNotFoundError)) this.refusals.countError(couponId, error);
      throw error;
    }
  }

  private async pendingNumber(couponId: number, userId: number): Promise<number | 'UNKNOWN' | undefined> {
    try {
      return await this.store.pendingNumber(couponId, userId);
    } catch (error) {
      if (error instanceof RedisUnavailableError) return 'UNKNOWN';
      throw error;
    }
  }
}

function reservedByLock({ couponId, userId, sequenceNumber }: IssuedRow): Reserved {
  return { couponId, userId, sequenceNumber, status: 'ISSUED', message: `Issued: you are number ${sequenceNumber}.` };
}
