import { Injectable } from '@nestjs/common';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import type { RedisNode } from '../../platform/redis/redis-node.js';
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
    const reply = await this.redis.ask(keys.state(couponId), (client) =>
      client.inspectCoupon(...scriptKeys(couponId), this.seen.greatestOf(couponId)),
    );
    return this.toRedisCoupon(couponId, reply);
  }

  /**
   * `inspect` for many coupons. Those whose server can't be asked are left out.
   *
   * @throws RedisUnavailableError when none of the servers can
   */
  async inspectMany(couponIds: readonly number[]): Promise<Map<number, RedisCoupon>> {
    // Without a pipeline, all of which ioredis would fail where a cluster is just moving the keys of one.
    const found = await this.askEach(couponIds, async (couponId): Promise<[number, RedisCoupon]> => [
      couponId,
      await this.inspect(couponId),
    ]);
    return new Map(found);
  }

  /** The number of the user's pending reservation, or undefined. */
  async pendingNumber(couponId: number, userId: number): Promise<number | undefined> {
    const key = keys.pending(couponId);
    const score = await this.redis.ask(key, (client) => client.zscore(key, String(userId)));
    return score === null ? undefined : Number(score);
  }

  /**
   * The numbers of those of these users who are pending, by coupon. Coupons whose server can't be asked are left out.
   *
   * @throws RedisUnavailableError when none of the servers can
   */
  async pendingNumbersOfMany(asked: ReadonlyMap<number, readonly number[]>): Promise<Map<number, Map<number, number>>> {
    // Without a pipeline, as in `inspectMany`.
    const found = await this.askEach(
      [...asked],
      async ([couponId, userIds]): Promise<[number, Map<number, number>]> => {
        const numbers = await this.pendingNumbers(couponId, userIds);
        const pending = numbers.flatMap((number, index) =>
          number === undefined ? [] : [[userIds[index] as number, number] as const],
        );
        return [couponId, new Map(pending)];
      },
    );
    return new Map(found);
  }

  /** Pending reservations with numbers in (after, upTo], lowest first, at most `limit`. */
  async pendingBetween(couponId: number, after: number, upTo: number, limit: number): Promise<Reservation[]> {
    const key = keys.pending(couponId);
    const flat = (await this.redis.ask(key, (client) =>
      client.call('ZRANGEBYSCORE', key, `(${after}`, upTo, 'WITHSCORES', 'LIMIT', 0, limit),
    )) as Array<string | number | [string, string | number]>;
    return toReservations(flat);
  }

  /**
   * Every coupon that has a key in a server that can be asked: loaded, closed or partly lost.
   *
   * @throws RedisUnavailableError when none of the servers can
   */
  async couponsWithKeys(): Promise<number[]> {
    const found = await this.askEach(this.redis.nodes, (node) => this.couponsWithKeysIn(node));
    return [...new Set(found.flat())];
  }

  /** One page of the users who hold a slot; a page may be empty, the last one has cursor '0'. */
  async usersPage(couponId: number, cursor: string, count: number): Promise<{ cursor: string; userIds: number[] }> {
    const key = keys.users(couponId);
    const [next, members] = await this.redis.ask(key, (client) => client.sscan(key, cursor, 'COUNT', count));
    return { cursor: next, userIds: members.map(Number) };
  }

  /** Which of these users hold a slot in Redis, in the order asked. */
  async holdSlot(couponId: number, userIds: readonly number[]): Promise<boolean[]> {
    if (userIds.length === 0) return [];
    const key = keys.users(couponId);
    const flags = await this.redis.ask(key, (client) => client.smismember(key, ...userIds.map(String)));
    return flags.map((flag) => flag === 1);
  }

  /** Which of these users are pending, in the order asked. */
  async arePending(couponId: number, userIds: readonly number[]): Promise<boolean[]> {
    const numbers = await this.pendingNumbers(couponId, userIds);
    return numbers.map((number) => number !== undefined);
  }

  /** The numbers of these users' pending reservations, in the order asked; undefined for those who have none. */
  async pendingNumbers(couponId: number, userIds: readonly number[]): Promise<Array<number | undefined>> {
    if (userIds.length === 0) return [];
    const key = keys.pending(couponId);
    const scores = await this.redis.ask(key, (client) => client.zmscore(key, ...userIds.map(String)));
    return scores.map((score) => (score === null ? undefined : Number(score)));
  }

  /** The lowest number that is pending, or undefined when nothing is. */
  async oldestPending(couponId: number): Promise<number | undefined> {
    return (await this.pendingBetween(couponId, 0, Number.MAX_SAFE_INTEGER, 1))[0]?.sequenceNumber;
  }

  /** Deletes the keys of a coupon that has nothing pending; false when it has. */
  async forget(couponId: number): Promise<boolean> {
    const answer = await this.redis.ask(keys.state(couponId), (client) => client.forgetCoupon(...scriptKeys(couponId)));
    return answer === 1;
  }

  /** Stands for the server that has the coupon's keys; undefined while none is known. */
  serverOf(couponId: number): object | undefined {
    return this.redis.findNode(keys.state(couponId));
  }

  /** Of those that can be asked; @throws RedisUnavailableError when there are some, and none can */
  private async askEach<T, R>(asked: readonly T[], exchange: (one: T) => Promise<R>): Promise<R[]> {
    const answers = await Promise.allSettled(asked.map(exchange));
    const found: R[] = [];
    let outage: RedisUnavailableError | undefined;
    for (const answer of answers) {
      if (answer.status === 'fulfilled') found.push(answer.value);
      else if (answer.reason instanceof RedisUnavailableError) outage ??= answer.reason;
      else throw answer.reason;
    }
    if (outage !== undefined && found.length === 0) throw outage;
    return found;
  }

  private async couponsWithKeysIn(node: RedisNode): Promise<number[]> {
    const couponIds: number[] = [];
    let cursor = '0';
    do {
      const [next, found] = await node.askItself((client) =>
        client.scan(cursor, 'MATCH', keys.anyPattern, 'COUNT', 1000),
      );
      for (const key of found) {
        const couponId = keys.couponIdOf(key);
        if (couponId !== undefined) couponIds.push(couponId);
      }
      cursor = next;
    } while (cursor !== '0');
    return couponIds;
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
