import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaConnection } from '../../../platform/kafka/kafka-connection.js';
import { KafkaUnavailableError } from '../../../platform/kafka/kafka-errors.js';
import type { KafkaMessage, KafkaProducer } from '../../../platform/kafka/kafka-messages.js';
import type { CouponConfig } from '../../coupon.config.js';
import type { Reservation } from '../../reservation/reservation.js';
import type { IssuanceQueue } from '../issuance-queue.service.js';
import type { KafkaTransportMetrics } from './kafka-transport-metrics.js';
import { KafkaTransport } from './kafka-transport.service.js';

interface Sending {
  readonly couponId: number;
  readonly numbers: number[];
  readonly taken: () => void;
  readonly refused: () => void;
}

const numbered = (...numbers: number[]): Reservation[] =>
  numbers.map((sequenceNumber) => ({ userId: 1000 + sequenceNumber, sequenceNumber, reservedAt: 0 }));

const numbersIn = (reservations: readonly Reservation[]): number[] =>
  reservations.map(({ sequenceNumber }) => sequenceNumber);

describe('the transport through Kafka', () => {
  let sendings: Sending[];
  let transport: KafkaTransport;
  const submit = jest.fn<IssuanceQueue['submit']>();
  const failed = jest.fn<KafkaConnection['failed']>();
  const recovered = jest.fn<KafkaConnection['recovered']>();

  function open(role: 'all' | 'admit', queueCapacity = 100): void {
    for (const mock of [submit, failed, recovered]) mock.mockReset();
    sendings = [];
    const producer: KafkaProducer = {
      send: (_topic, [message]) =>
        new Promise((resolve, reject) => {
          const { couponId, reservations } = JSON.parse((message as KafkaMessage).value);
          const refused = (): void => reject(new KafkaUnavailableError(new Error('nobody there')));
          sendings.push({ couponId, numbers: numbersIn(reservations), taken: resolve, refused });
        }),
    };
    transport = new KafkaTransport(
      { producer: () => producer, failed, recovered } as unknown as KafkaConnection,
      { submit } as unknown as IssuanceQueue,
      { produced: { inc: () => {} } } as unknown as KafkaTransportMetrics,
      { role, coupon: { issuance: { transport: 'kafka', queueCapacity } } } as CouponConfig,
    );
  }

  afterEach(() => transport.onApplicationShutdown());

  async function sendingAt(at: number): Promise<Sending> {
    for (let turn = 0; sendings.length <= at && turn < 3_000; turn += 1) await delay(1);
    const found = sendings[at];
    if (found === undefined) throw new Error(`there is no message ${at}`);
    return found;
  }

  it('sends a message of a coupon when the one before it has arrived, with all that came meanwhile', async () => {
    open('all');
    transport.submit(7, numbered(1, 2));
    transport.submit(7, numbered(3));
    transport.submit(8, numbered(1));
    transport.submit(7, numbered(4, 5));
    await delay(10);
    expect(sendings.map(({ couponId, numbers }) => [couponId, numbers])).toEqual([
      [7, [1, 2]],
      [8, [1]],
    ]);
    sendings[0]?.taken();
    expect((await sendingAt(2)).numbers).toEqual([3, 4, 5]);
    expect(submit).not.toHaveBeenCalled();
  });

  it('issues here what Kafka does not take, says so, and goes back to it when it takes that message', async () => {
    open('all');
    transport.submit(7, numbered(1));
    transport.submit(7, numbered(2));
    sendings[0]?.refused();
    await delay(10);
    transport.submit(7, numbered(3));
    expect(submit.mock.calls.map(([, reservations]) => numbersIn(reservations))).toEqual([[1, 2], [3]]);
    expect(failed).toHaveBeenCalledTimes(1);

    const again = await sendingAt(1);
    expect(again.numbers).toEqual([1]);
    again.taken();
    await delay(10);
    expect(recovered).toHaveBeenCalledTimes(1);
    transport.submit(7, numbered(4));
    expect((await sendingAt(2)).numbers).toEqual([4]);
  });

  it('leaves to the sweep of others what Kafka does not take where it only admits', async () => {
    open('admit');
    transport.submit(7, numbered(1));
    sendings[0]?.refused();
    await delay(10);
    transport.submit(7, numbered(2));
    expect(submit).not.toHaveBeenCalled();
  });

  it('takes no more than it may hold', async () => {
    open('all', 3);
    transport.submit(7, numbered(1, 2));
    transport.submit(7, numbered(3));
    transport.submit(7, numbered(4));
    expect(submit.mock.calls.map(([, reservations]) => numbersIn(reservations))).toEqual([[4]]);
  });

  it('waits at the end for what is on its way, but not for ever', async () => {
    open('all');
    transport.submit(7, numbered(1));
    let hasEnded = false;
    const ended = transport.beforeApplicationShutdown().then(() => (hasEnded = true));
    await delay(50);
    expect(hasEnded).toBe(false);
    sendings[0]?.taken();
    await ended;
  });
});
