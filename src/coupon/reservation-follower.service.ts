import { Injectable } from '@nestjs/common';
import { RedisUnavailableError } from '../platform/redis/redis-errors.js';
import { ReservationNotFoundError, ReservationUnavailableError } from './coupon.errors.js';
import { ReservationWaiters } from './issuance/reservation-waiters.service.js';
import type { WaiterKind } from './issuance/waiter-limits.js';
import { LedgerRepository } from './ledger.repository.js';
import { hasEnded, type ReservationReading } from './reservation-reading.js';
import type { CallerWait } from './reservation-wait.js';
import { type ReservationState, stateOf } from './reservation-view.js';
import { DefinitionCache } from './reservation/definition-cache.js';
import { RedisCouponStore } from './reservation/redis-coupon.store.js';

/** Who follows a reservation, and what they are told. */
export interface Follower {
  readonly kind: Exclude<WaiterKind, 'issue'>;
  readonly onState: (state: ReservationState) => void;
  /** Nothing more will be told: the reservation has ended, or the instance stops. */
  readonly onEnd: () => void;
}

/** Looks reservations up, once or for as long as somebody wants to hear of them. */
@Injectable()
export class ReservationFollower {
  constructor(
    private readonly definitions: DefinitionCache,
    private readonly store: RedisCouponStore,
    private readonly ledgerRepository: LedgerRepository,
    private readonly waiters: ReservationWaiters,
  ) {}

  /**
   * The user's reservation: pending in Redis, or as the ledger has it.
   *
   * @throws CouponNotFoundError, ReservationNotFoundError, ReservationUnavailableError when Redis is needed and is away
   */
  async find(couponId: number, userId: number): Promise<ReservationState> {
    const { strategy } = await this.definitions.require(couponId);
    return stateOf(couponId, userId, await this.read(couponId, userId, { isInRedis: strategy === 'reservation' }));
  }

  /** As `find`, but while the reservation has not ended waits for that, as long as the caller does. */
  async findEnded(couponId: number, userId: number, { waitMs, onHangUp }: CallerWait): Promise<ReservationState> {
    if (waitMs === 0) return await this.find(couponId, userId);
    let latest: ReservationState | undefined;
    let end!: () => void;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const timer = setTimeout(end, waitMs);
    onHangUp(end);
    try {
      const onState = (state: ReservationState): void => void (latest = state);
      const leave = await this.follow(couponId, userId, { kind: 'wait', onState, onEnd: end });
      await ended.finally(leave);
    } finally {
      clearTimeout(timer);
    }
    if (latest === undefined) throw new Error('a reservation is followed of which no state was told');
    return latest;
  }

  /**
   * Tells the state of the reservation when this resolves, then each change, until it has ended. Call the result to hear no
   * more of it.
   *
   * @throws as `find`, and TooManyWaitersError; then nothing is told
   */
  async follow(couponId: number, userId: number, { kind, onState, onEnd }: Follower): Promise<() => void> {
    const { strategy } = await this.definitions.require(couponId);
    const onNews = (reading: ReservationReading): void => {
      onState(stateOf(couponId, userId, reading));
      if (hasEnded(reading)) onEnd();
    };
    if (strategy === 'lock') {
      onNews(await this.read(couponId, userId, { isInRedis: false }));
      return () => undefined;
    }
    const waiter = this.waiters.enter({ couponId, userId, kind, onNews, onStop: onEnd });
    const leave = (): void => this.waiters.leave(waiter);
    try {
      // In this order: what happens after the look is heard of.
      await this.waiters.prepare(couponId);
      waiter.tell(await this.read(couponId, userId, { isInRedis: true }));
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  private async read(
    couponId: number,
    userId: number,
    { isInRedis }: { isInRedis: boolean },
  ): Promise<ReservationReading> {
    const pending = isInRedis ? await this.pendingNumber(couponId, userId) : undefined;
    if (typeof pending === 'number') return { status: 'RESERVED', sequenceNumber: pending };
    const row = await this.ledgerRepository.findRow(couponId, userId);
    if (row !== undefined) return row;
    // A failure may be followed by a reservation that only Redis knows of.
    if (pending === 'UNKNOWN') throw new ReservationUnavailableError(couponId);
    const failure = await this.ledgerRepository.findLatestFailure(couponId, userId);
    if (failure !== undefined) return { status: 'FAILED', ...failure };
    throw new ReservationNotFoundError(couponId, userId);
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
