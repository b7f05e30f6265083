import { Inject, Injectable, Logger } from '@nestjs/common';
import CircuitBreaker from 'opossum';
import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { type CouponDefinition, fromState, toStateFields } from './coupon-definition.js';
import { couponKeys, reservationKeys as keys } from './reservation-keys.js';
import { defineReservationScripts, type InspectReply } from './reservation-scripts.js';
import type { Refusal, Reservation } from './reservation.js';
import { ReserveBatcher, type SendReserve } from './reserve-batcher.js';

const REFUSALS: Readonly<Record<number, Refusal>> = {
  [-1]: 'NOT_LOADED',
  [-2]: 'INACTIVE',
  [-3]: 'NOT_STARTED',
  [-4]: 'EXPIRED',
  [-5]: 'ALREADY_RESERVED',
  [-6]: 'SOLD_OUT',
};

/** Failures are counted over this time; short, so that the successes before a freeze are soon forgotten. */
const BREAKER_WINDOW_MS = 500;

/** What Redis knows of a coupon at one moment. */
export interface CouponKeys {
  /** Complete, and loaded into the server that answers now. */
  readonly loaded: boolean;
  /** Slots held by the counter; undefined when the counter is missing. */
  readonly reserved: number | undefined;
  readonly users: number;
  /** The last number given out; undefined when the counter is missing. */
  readonly sequence: number | undefined;
  readonly pending: number;
  readonly epoch: number | undefined;
  readonly definition: CouponDefinition | undefined;
}

/**
 * The Redis side of reservations: admits users, and is told by the ledger how each reservation ended. Every method
 * throws RedisUnavailableError when Redis can't be asked; what was sent then may still be carried out.
 */
@Injectable()
export class ReservationStore {
  private readonly logger = new Logger('Reservations');
  private readonly breaker: CircuitBreaker<Parameters<SendReserve>, number[]>;
  private readonly batcher: ReserveBatcher;

  constructor(
    private readonly redis: RedisConnection,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    defineReservationScripts(redis.client);
    this.breaker = new CircuitBreaker((...asked) => this.sendReserve(...asked), {
      timeout: false, // the connection has one
      rollingCountTimeout: BREAKER_WINDOW_MS,
      rollingCountBuckets: 5,
      rollingPercentilesEnabled: false,
      volumeThreshold: config.redis.breaker.failures,
      errorThresholdPercentage: 50,
      resetTimeout: 2 ** 31 - 1, // closed by our own probe, so that no reservation is the guinea pig
      errorFilter: (error) => !(error instanceof RedisUnavailableError),
    });
    this.batcher = new ReserveBatcher((...asked) => this.sendUnlessOpen(...asked));
    // Where few ask, time-outs come too slowly to fill the window: they count in a row, too.
    let failuresInARow = 0;
    this.breaker.on('success', () => (failuresInARow = 0));
    this.breaker.on('failure', () => {
      failuresInARow += 1;
      if (failuresInARow < config.redis.breaker.failures) return;
      failuresInARow = 0;
      this.breaker.open();
    });
    this.breaker.on('open', () => void this.closeBreakerWhenRedisAnswers());
  }

  /** True while no reserve is sent, because Redis did not answer lately. */
  get isBreakerOpen(): boolean {
    return this.breaker.opened;
  }

  /**
   * Asks for a slot: the sequence number, or why not. `always` ignores the window and the pause. The command is sent once
   * at most: when this throws, the user may hold a reservation all the same, which the sweep will find.
   */
  async reserve(couponId: number, userId: number, { always = false } = {}): Promise<number | Refusal> {
    const answer = await this.batcher.ask(couponId, userId, always);
    if (answer > 0) return answer;
    const refusal = REFUSALS[answer];
    if (refusal === undefined) throw new Error(`reserve-coupon.lua answered ${answer}`);
    return refusal;
  }

  /** After the commit: the reservations are no longer pending. False while the coupon is not loaded; then they stay pending. */
  async confirm(couponId: number, reservations: readonly Reservation[]): Promise<boolean> {
    return (await this.settle('confirmReservations', couponId, reservations)) === 1;
  }

  /** Gives back the slots of failed reservations; how many, or undefined while the coupon is not loaded (they stay pending). */
  async release(couponId: number, reservations: readonly Reservation[]): Promise<number | undefined> {
    const released = await this.settle('releaseReservations', couponId, reservations);
    return released === -1 ? undefined : released;
  }

  /** Writes the definition when it is newer than the one that is there. */
  async publish(definition: CouponDefinition): Promise<'PUBLISHED' | 'NOT_NEWER' | 'NOT_LOADED'> {
    const answer = await this.redis.ask((client) =>
      client.publishDefinition(keys.state(definition.couponId), definition.version, ...toStateFields(definition)),
    );
    return answer === 1 ? 'PUBLISHED' : answer === 0 ? 'NOT_NEWER' : 'NOT_LOADED';
  }

  /** Writes a definition with a smaller total, unless more slots are held already: then how many. */
  async lower(definition: CouponDefinition): Promise<'LOWERED' | 'NOT_LOADED' | { reserved: number }> {
    const id = definition.couponId;
    const answer = await this.redis.ask((client) =>
      client.lowerTotal(
        keys.state(id),
        keys.reserved(id),
        keys.users(id),
        keys.sequence(id),
        this.redis.requireRunId(),
        definition.totalQuantity,
        ...toStateFields(definition),
      ),
    );
    if (answer === -1) return 'LOWERED';
    return answer === -2 ? 'NOT_LOADED' : { reserved: answer };
  }

  async inspect(couponId: number): Promise<CouponKeys> {
    return toCouponKeys(couponId, await this.redis.ask((client) => client.inspectCoupon(...couponKeys(couponId), this.redis.requireRunId())));
  }

  /** `inspect` for many coupons in one exchange. */
  async counts(couponIds: readonly number[]): Promise<Map<number, CouponKeys>> {
    const inspected = await Promise.all(couponIds.map((couponId) => this.inspect(couponId)));
    return new Map(couponIds.map((couponId, index) => [couponId, inspected[index] as CouponKeys]));
  }

  /** The definition that is published in Redis, or undefined when the coupon has no state. */
  async definition(couponId: number): Promise<CouponDefinition | undefined> {
    return fromState(couponId, await this.redis.ask((client) => client.hgetall(keys.state(couponId))));
  }

  /** The number of the user's pending reservation, or undefined. */
  async pendingNumber(couponId: number, userId: number): Promise<number | undefined> {
    const score = await this.redis.ask((client) => client.zscore(keys.pending(couponId), String(userId)));
    return score === null ? undefined : Number(score);
  }

  /** Pending reservations with numbers in (after, upTo], lowest first, at most `limit`. */
  async pendingBetween(couponId: number, after: number, upTo: number, limit: number): Promise<Reservation[]> {
    const flat = (await this.redis.ask((client) =>
      client.call('ZRANGEBYSCORE', keys.pending(couponId), `(${after}`, upTo, 'WITHSCORES', 'LIMIT', 0, limit),
    )) as Array<string | number | [string, string | number]>;
    return toReservations(flat);
  }

  /** Every coupon that has a key in Redis: loaded, closed or partly lost. */
  async couponsWithKeys(): Promise<number[]> {
    const couponIds = new Set<number>();
    let cursor = '0';
    do {
      const [next, found] = await this.redis.ask((client) =>
        client.scan(cursor, 'MATCH', keys.anyPattern, 'COUNT', 1000),
      );
      for (const key of found) {
        const couponId = keys.couponIdOf(key);
        if (couponId !== undefined) couponIds.add(couponId);
      }
      cursor = next;
    } while (cursor !== '0');
    return [...couponIds];
  }

  /** One page of the users who hold a slot; a page may be empty, the last one has cursor '0'. */
  async usersPage(couponId: number, cursor: string, count: number): Promise<{ cursor: string; userIds: number[] }> {
    const [next, members] = await this.redis.ask((client) => client.sscan(keys.users(couponId), cursor, 'COUNT', count));
    return { cursor: next, userIds: members.map(Number) };
  }

  /** Which of these users hold a slot in Redis, in the order asked. */
  async holdSlot(couponId: number, userIds: readonly number[]): Promise<boolean[]> {
    if (userIds.length === 0) return [];
    const flags = await this.redis.ask((client) => client.smismember(keys.users(couponId), ...userIds.map(String)));
    return flags.map((flag) => flag === 1);
  }

  /** Which of these users are pending, in the order asked. */
  async arePending(couponId: number, userIds: readonly number[]): Promise<boolean[]> {
    if (userIds.length === 0) return [];
    const scores = await this.redis.ask((client) => client.zmscore(keys.pending(couponId), ...userIds.map(String)));
    return scores.map((score) => score !== null);
  }

  /** The lowest number that is pending, or undefined when nothing is. */
  async oldestPending(couponId: number): Promise<number | undefined> {
    return (await this.pendingBetween(couponId, 0, Number.MAX_SAFE_INTEGER, 1))[0]?.sequenceNumber;
  }

  /** Deletes the keys of a coupon that has nothing pending; false when it has. */
  async forget(couponId: number): Promise<boolean> {
    return (await this.redis.ask((client) => client.forgetCoupon(...couponKeys(couponId)))) === 1;
  }

  private async sendUnlessOpen(...asked: Parameters<SendReserve>): Promise<number[]> {
    if (this.breaker.opened) throw new RedisUnavailableError('Redis did not answer lately');
    return await this.breaker.fire(...asked);
  }

  private async sendReserve(couponId: number, userIds: readonly number[], always: boolean): Promise<number[]> {
    const runId = this.redis.requireRunId();
    return await this.redis.ask((client) =>
      client.reserveCoupon(...couponKeys(couponId), runId, always ? '1' : '0', ...userIds),
    );
  }

  private async settle(
    command: 'confirmReservations' | 'releaseReservations',
    couponId: number,
    reservations: readonly Reservation[],
  ): Promise<number> {
    return await this.redis.ask((client) =>
      client[command](
        ...couponKeys(couponId),
        this.redis.requireRunId(),
        reservations.length,
        ...reservations.map(({ userId }) => userId),
        ...reservations.map(({ sequenceNumber }) => sequenceNumber),
      ),
    );
  }

  private async closeBreakerWhenRedisAnswers(): Promise<void> {
    this.logger.error('Redis does not answer: reservations are refused until it does');
    while (this.breaker.opened) {
      await delay(this.config.redis.breaker.probeIntervalMs, undefined, { ref: false });
      try {
        await this.redis.ping();
        this.breaker.close();
        this.logger.log('Redis answers again: reservations are admitted');
      } catch (error) {
        if (!(error instanceof RedisUnavailableError)) throw error;
      }
    }
  }
}

function toCouponKeys(couponId: number, [loaded, reserved, users, sequence, pending, fields]: InspectReply): CouponKeys {
  const state: Record<string, string> = {};
  for (let index = 0; index + 1 < fields.length; index += 2) state[fields[index] as string] = fields[index + 1] as string;
  return {
    loaded: loaded === 1,
    reserved: reserved === '' ? undefined : Number(reserved),
    users,
    sequence: sequence === '' ? undefined : Number(sequence),
    pending,
    epoch: state.epoch === undefined ? undefined : Number(state.epoch),
    definition: fromState(couponId, state),
  };
}

/** WITHSCORES comes flat by RESP2 and in pairs by RESP3. */
function toReservations(reply: Array<string | number | [string, string | number]>): Reservation[] {
  const flat = reply.flat();
  const reservations: Reservation[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    reservations.push({ userId: Number(flat[index]), sequenceNumber: Number(flat[index + 1]) });
  }
  return reservations;
}
