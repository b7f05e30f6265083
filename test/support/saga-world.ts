import { expect } from '@jest/globals';
import type { Redis } from 'ioredis';
import { IssuanceQueue } from '../../src/coupon/issuance/issuance-queue.service.js';
import { scriptKeys, reservationKeys } from '../../src/coupon/reservation/reservation-keys.js';
import type { Reservation } from '../../src/coupon/reservation/reservation.js';
import type { TestDatabase } from './database.js';
import type { Instance } from './instance.js';
import { eventually } from './poll.js';
import { openTwoInstances } from './two-instances.js';

/** The keys of a coupon as they are in Redis. */
export interface RealKeys {
  readonly state: Record<string, string>;
  readonly reserved: number | undefined;
  readonly users: number[];
  readonly sequence: number | undefined;
  readonly pending: Reservation[];
}

/** The rows of a coupon as they are in MySQL. */
export interface RealLedger {
  readonly total: number;
  readonly issuedQuantity: number;
  readonly failedQuantity: number;
  readonly rows: Reservation[];
  readonly failures: Reservation[];
}

/** Two instances, and what a saga leaves in Redis and MySQL. */
export class SagaWorld {
  private constructor(
    readonly instances: readonly [Instance, Instance],
    readonly database: TestDatabase,
    readonly redis: Redis,
    private readonly server: string,
  ) {}

  static async open(): Promise<SagaWorld> {
    const { one, other, database, redis } = await openTwoInstances('saga');
    const identity = ['run_id', 'master_replid'].map((field) => new RegExp(`^${field}:(\\w+)`, 'm'));
    const info = (await redis.info('server')) + (await redis.info('replication'));
    const server = identity.map((field) => field.exec(info)?.[1] ?? '').join(':');
    return new SagaWorld([one, other], database, redis, server);
  }

  async createCoupon(totalQuantity: number): Promise<number> {
    return await this.instances[0].createCoupon(totalQuantity);
  }

  /** So that the sweeps of the next coupon see it alone. */
  async forgetCoupon(couponId: number): Promise<void> {
    await this.database.change('UPDATE coupons SET expires_at = starts_at WHERE id = ?', [couponId]);
    await this.redis.del(...scriptKeys(couponId));
  }

  async keys(couponId: number): Promise<RealKeys> {
    const [state, reserved, users, sequence, pending] = await Promise.all([
      this.redis.hgetall(reservationKeys.state(couponId)),
      this.redis.get(reservationKeys.reserved(couponId)),
      this.redis.smembers(reservationKeys.users(couponId)),
      this.redis.get(reservationKeys.sequence(couponId)),
      this.redis.zrange(reservationKeys.pending(couponId), '0', '-1'),
    ]);
    const numbers = pending.length === 0 ? [] : await this.redis.zmscore(reservationKeys.pending(couponId), ...pending);
    return {
      state,
      reserved: reserved === null ? undefined : Number(reserved),
      users: users.map(Number).sort((a, b) => a - b),
      sequence: sequence === null ? undefined : Number(sequence),
      pending: pending.map((userId, index) => ({ userId: Number(userId), sequenceNumber: Number(numbers[index]) })),
    };
  }

  async ledger(couponId: number): Promise<RealLedger> {
    const [{ totalQuantity: total, issuedQuantity, failedQuantity }, rows, failures] = await Promise.all([
      this.database.couponCounts(couponId),
      this.database.userCoupons(couponId),
      this.database.rows<Reservation>(
        `SELECT user_id AS userId, sequence_number AS sequenceNumber FROM issuance_failures
          WHERE coupon_id = ? ORDER BY sequence_number`,
        [couponId],
      ),
    ]);
    const numbered = rows.map(({ userId, sequenceNumber }) => ({ userId, sequenceNumber }));
    return { total, issuedQuantity, failedQuantity, rows: numbered, failures };
  }

  /**
   * Redis holds from now on what it held earlier: as another process, or as the same one, which has followed another
   * server for a while, so that only the history that it continues has another name.
   */
  async turnBackRedis(couponId: number, earlier: RealKeys, as: 'ANOTHER_PROCESS' | 'SAME_PROCESS'): Promise<void> {
    const [state, reserved, users, sequence, pending] = scriptKeys(couponId);
    const transaction = this.redis.multi().del(state, reserved, users, sequence, pending);
    if (Object.keys(earlier.state).length > 0)
      transaction.hset(state, { ...earlier.state, server: this.otherServer(as) });
    if (earlier.reserved !== undefined) transaction.set(reserved, earlier.reserved);
    if (earlier.users.length > 0) transaction.sadd(users, ...earlier.users.map(String));
    if (earlier.sequence !== undefined) transaction.set(sequence, earlier.sequence);
    for (const { userId, sequenceNumber } of earlier.pending) transaction.zadd(pending, sequenceNumber, String(userId));
    await transaction.exec();
  }

  /** The lock of a rebuild whose process has died expires. */
  async expireRebuildLock(couponId: number): Promise<void> {
    await this.redis.del(reservationKeys.rebuildLock(couponId), reservationKeys.rebuildUsers(couponId));
  }

  isCurrent({ state }: RealKeys): boolean {
    return state['server'] === this.server;
  }

  private otherServer(as: 'ANOTHER_PROCESS' | 'SAME_PROCESS'): string {
    const [runId, replicationId] = this.server.split(':');
    const other = 'f'.repeat(40);
    return as === 'SAME_PROCESS' ? `${runId}:${other}` : `${other}:${replicationId}`;
  }

  /** Waits until no instance has any of these numbers in its hands. */
  async whenIdle(couponId: number, numbers: Iterable<number>): Promise<void> {
    const all = [...numbers];
    for (const instance of this.instances) {
      const queue = instance.get(IssuanceQueue);
      await eventually(() => expect(all.filter((number) => queue.holds(couponId, number))).toEqual([]), {
        intervalMs: 1,
      });
    }
  }
}
