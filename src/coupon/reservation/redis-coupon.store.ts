import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { type CouponDefinition, fromState, stateOf } from './coupon-definition.js';
import { scriptKeys, reservationKeys as keys } from './reservation-keys.js';
import type { InspectReply } from './reservation-scripts.js';
import type { Reservation } from './reservation.js';
import { SeenNumbers } from './seen-numbers.js';

/** What Redis knows of a coupon at one moment. */
export interface RedisCoupon {
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

/** Looks at coupons' keys, and deletes those of one that is over. Without Redis all throw RedisUnavailableError. */
@Injectable()
export class RedisCouponStore {
  constructor(
    private readonly redis: RedisConnection,
    private readonly seen: SeenNumbers,
  ) {}

  async inspect(couponId: number): Promise<RedisCoupon> {
    return (await this.inspectMany([couponId])).get(couponId) as RedisCoupon;
  }

  /** `inspect` for many coupons in one exchange. */
  async inspectMany(couponIds: readonly number[]): Promise<Map<number, RedisCoupon>> {
    if (couponIds.length === 0) return new Map();
    const replies = await this.redis.ask((client) => this.inspectAll(client, couponIds));
    return new Map(
      couponIds.map((couponId, index) => [couponId, this.toRedisCoupon(couponId, replies[index] as InspectReply)]),
    );
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
    const [next, members] = await this.redis.ask((client) =>
      client.sscan(keys.users(couponId), cursor, 'COUNT', count),
    );
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
    return (await this.redis.ask((client) => client.forgetCoupon(...scriptKeys(couponId)))) === 1;
  }

  private toRedisCoupon(couponId: number, reply: InspectReply): RedisCoupon {
    const [loaded, reserved, users, sequence, pending, fields] = reply;
    const state = stateOf(fields);
    if (loaded === 1) this.seen.see(couponId, Number(sequence));
    return {
      loaded: loaded === 1,
      reserved: reserved === '' ? undefined : Number(reserved),
      users,
      sequence: sequence === '' ? undefined : Number(sequence),
      pending,
      epoch: state['epoch'] === undefined ? undefined : Number(state['epoch']),
      definition: fromState(couponId, state),
    };
  }

  private async inspectAll(client: Redis, couponIds: readonly number[]): Promise<InspectReply[]> {
    const pipeline = client.pipeline();
    for (const couponId of couponIds) pipeline.inspectCoupon(...scriptKeys(couponId), this.seen.greatestOf(couponId));
    const replies = (await pipeline.exec()) ?? [];
    return replies.map(([error, reply]) => {
      if (error !== null) throw error;
      return reply as InspectReply;
    });
  }
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
