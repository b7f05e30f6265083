import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaConnection } from '../../../platform/kafka/kafka-connection.js';
import type { KafkaConsumer, Receive } from '../../../platform/kafka/kafka-messages.js';
import { RedisUnavailableError } from '../../../platform/redis/redis-errors.js';
import type { CouponConfig } from '../../coupon.config.js';
import type { CouponRepository } from '../../coupon.repository.js';
import type { RedisCouponStore } from '../../reservation/redis-coupon.store.js';
import type { CouponIssuer } from '../coupon-issuer.service.js';
import type { IssuanceMetrics } from '../issuance-metrics.js';
import { BatchesInHand } from './batches-in-hand.service.js';
import type { KafkaTransportMetrics } from './kafka-transport-metrics.js';
import { ReservationConsumer } from './reservation-consumer.service.js';
import { toMessage } from './reservations-topic.js';

const LOCKED = 7;
const WELL = 8;

function numbersOf(count: number): Array<[userId: number, sequenceNumber: number]> {
  return Array.from({ length: count }, (_, index) => [1001 + index, index + 1]);
}

function message(couponId: number, first: number, last: number, offset = 0): Buffer {
  const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const reservations = numbers.map((number) => ({
    userId: 1000 + number,
    sequenceNumber: number + offset,
    reservedAt: 1,
  }));
  return Buffer.from(toMessage(couponId, reservations).value);
}

/** Whether it has been committed, some moments later. */
async function isDone(taking: Promise<void>, ms = 300): Promise<boolean> {
  return await Promise.race([taking.then(() => true), delay(ms, false)]);
}

/** What stands behind the one coupon or the other is a test's to say; of Kafka there is no more than our own interface. */
describe('what came out of Kafka', () => {
  const issued: Array<{ couponId: number; numbers: number[] }> = [];
  /** The coupons of the batches that the issuer was given. */
  const asked: number[] = [];
  const counted: Record<string, number> = {};
  /** Coupon → number that is pending, by user. */
  let pending: Map<number, Map<number, number>>;
  const trouble = { isLocked: false, isDatabaseAway: false, isRedisAway: false };
  let unlock: () => void;
  let receive: Receive;
  let consumer: ReservationConsumer;
  const heartbeat = jest.fn<() => Promise<void>>();
  const stop = jest.fn<() => Promise<void>>();

  const counter = (name: string) => ({
    inc: (labels: { result?: string } = {}, by = 1) => {
      const key = labels.result ?? name;
      counted[key] = (counted[key] ?? 0) + by;
    },
  });

  beforeEach(() => {
    for (const mock of [heartbeat, stop]) mock.mockReset().mockResolvedValue();
    issued.length = 0;
    asked.length = 0;
    for (const name of Object.keys(counted)) delete counted[name];
    pending = new Map([LOCKED, WELL].map((couponId) => [couponId, new Map(numbersOf(20))]));
    Object.assign(trouble, { isLocked: false, isDatabaseAway: false, isRedisAway: false });
    const lock = new Promise<void>((resolve) => (unlock = resolve));
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});

    const issue: CouponIssuer['issue'] = async (couponId, batch, signal, callbacks) => {
      asked.push(couponId);
      if (trouble.isLocked && couponId === LOCKED) await lock;
      while (trouble.isDatabaseAway) await delay(20, undefined, { signal });
      callbacks?.onDecided?.();
      issued.push({ couponId, numbers: batch.map(({ sequenceNumber }) => sequenceNumber) });
      for (const { userId } of batch) pending.get(couponId)?.delete(userId);
    };
    const store: Pick<RedisCouponStore, 'pendingNumbers'> = {
      pendingNumbers: async (couponId, userIds) => {
        if (trouble.isRedisAway) throw new RedisUnavailableError('away');
        return userIds.map((userId) => pending.get(couponId)?.get(userId));
      },
    };
    const coupons: Pick<CouponRepository, 'findMany'> = {
      findMany: async () => (trouble.isDatabaseAway ? await new Promise(() => {}) : []),
    };
    const metrics = { consumed: counter('consumed'), poison: counter('poison') } as unknown as KafkaTransportMetrics;
    const issuance = { transport: 'kafka', batchSize: 5 };
    const config = { role: 'all', coupon: { issuance } } as CouponConfig;
    const batches = new BatchesInHand(
      { issue } as CouponIssuer,
      store as RedisCouponStore,
      coupons as CouponRepository,
      metrics,
      { recordCommit: () => {} } as unknown as IssuanceMetrics,
      config,
    );
    const group: KafkaConsumer = { lag: 0, start: (given) => (receive = given), stop };
    const kafka: Pick<KafkaConnection, 'consumer'> = { consumer: () => group };
    consumer = new ReservationConsumer(kafka as KafkaConnection, batches, metrics, config);
    consumer.onApplicationBootstrap();
  });

  afterEach(async () => {
    unlock();
    trouble.isDatabaseAway = false;
    await consumer.beforeApplicationShutdown();
    jest.restoreAllMocks();
  });

  async function take(...values: Array<Buffer | null>): Promise<void> {
    await receive({ partition: 3, values, heartbeat });
  }

  it('is collected into batches for each coupon, in its order', async () => {
    await take(message(WELL, 1, 3), message(LOCKED, 1, 2), message(WELL, 4, 7));
    expect(issued.filter(({ couponId }) => couponId === WELL).map(({ numbers }) => numbers)).toEqual([
      [1, 2, 3, 4, 5],
      [6, 7],
    ]);
    expect(issued.filter(({ couponId }) => couponId === LOCKED).map(({ numbers }) => numbers)).toEqual([[1, 2]]);
    expect(counted).toEqual({ issued: 9, dropped: 0 });
  });

  it('is dropped when it is not pending with that very number, or came before', async () => {
    await take(message(WELL, 1, 2), message(WELL, 2, 3), message(WELL, 4, 5, 100));
    expect(issued.flatMap(({ numbers }) => numbers)).toEqual([1, 2, 3]);
    await take(message(WELL, 1, 3));
    expect(issued).toHaveLength(1);
    expect(counted).toEqual({ issued: 3, dropped: 6 });
  });

  it('is skipped when it is none of ours', async () => {
    const texts = ['no JSON', 'null', '[]', '{"couponId":"8","reservations":[]}', '{"couponId":8,"reservations":[{}]}'];
    await take(...texts.map((text) => Buffer.from(text)), null, message(WELL, 1, 1));
    expect(counted).toEqual({ poison: 6, issued: 1, dropped: 0 });
  });

  it('is left to the sweep after two seconds where only its coupon is in trouble, and the others go on', async () => {
    trouble.isLocked = true;
    const taking = take(message(LOCKED, 1, 5), message(WELL, 1, 5), message(LOCKED, 6, 10));
    expect(await isDone(taking, 1_000)).toBe(false);
    expect(issued).toEqual([{ couponId: WELL, numbers: [1, 2, 3, 4, 5] }]);
    expect(heartbeat).toHaveBeenCalled();
    await taking;
    expect(counted).toEqual({ issued: 5, dropped: 0, left: 10 });

    // As long as that attempt goes on, nobody waits for another one.
    await take(message(LOCKED, 11, 12));
    expect(asked.filter((couponId) => couponId === LOCKED)).toHaveLength(1);
    expect(counted).toMatchObject({ left: 12 });

    trouble.isLocked = false;
    unlock();
    await delay(0);
    await take(message(LOCKED, 11, 12));
    expect(issued.at(-1)).toEqual({ couponId: LOCKED, numbers: [11, 12] });
  });

  it('waits and heartbeats for as long as MySQL is away, and is issued then', async () => {
    trouble.isDatabaseAway = true;
    const taking = take(message(WELL, 1, 5));
    expect(await isDone(taking, 3_500)).toBe(false);
    expect(heartbeat.mock.calls.length).toBeGreaterThan(2);
    expect(counted).toEqual({ dropped: 0 });
    trouble.isDatabaseAway = false;
    await taking;
    expect(counted).toEqual({ dropped: 0, issued: 5 });
  });

  it('waits for as long as Redis cannot say what is pending', async () => {
    trouble.isRedisAway = true;
    const taking = take(message(WELL, 1, 5));
    expect(await isDone(taking)).toBe(false);
    trouble.isRedisAway = false;
    await taking;
    expect(counted).toEqual({ dropped: 0, issued: 5 });
  });

  it('is given back when the partition goes to another instance, and nothing of it is tried again', async () => {
    trouble.isDatabaseAway = true;
    const moved = new Error('rebalancing');
    heartbeat.mockRejectedValue(moved);
    await expect(take(message(WELL, 1, 5))).rejects.toBe(moved);
    trouble.isDatabaseAway = false;
    await delay(100);
    expect(issued).toEqual([]);
  });

  it('is given back when the instance ends, which does not wait for MySQL', async () => {
    trouble.isDatabaseAway = true;
    const taking = take(message(WELL, 1, 5));
    const givenBack = expect(taking).rejects.toThrow();
    stop.mockImplementation(async () => await givenBack);
    await consumer.beforeApplicationShutdown();
    await givenBack;
    expect(counted).toEqual({ dropped: 0 });
  });
});
