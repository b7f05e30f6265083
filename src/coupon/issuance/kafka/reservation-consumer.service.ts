import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { CONFIG } from '../../../platform/config/config.module.js';
import { KafkaConnection } from '../../../platform/kafka/kafka-connection.js';
import type { KafkaConsumer, ReceivedMessages } from '../../../platform/kafka/kafka-messages.js';
import { LogLimit } from '../../../platform/logging/log-limit.js';
import { endsWithin } from '../../../platform/time-limit.js';
import { type CouponConfig, issuesHere } from '../../coupon.config.js';
import type { Reservation } from '../../reservation/reservation.js';
import { BatchesInHand } from './batches-in-hand.service.js';
import { KafkaTransportMetrics } from './kafka-transport-metrics.js';
import { fromMessage, ISSUANCE_GROUP, RESERVATIONS_TOPIC } from './reservations-topic.js';

/** Kafka takes a member for dead after ten seconds. */
const HEARTBEAT_MS = 500;
/** Of the 5 s a stop may take: until what is in hand is given back, and until the group is left. */
const DRAIN_MS = 1_000;
const LEAVE_MS = 1_000;
const POISON_LINES = { lines: 1, intervalMs: 10_000 };

/** Takes admitted users out of Kafka and has them issued, coupon by coupon, before the messages are committed. */
@Injectable()
export class ReservationConsumer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Issuance');
  private readonly stop = new AbortController();
  private readonly poison = new LogLimit(POISON_LINES, (count) =>
    this.logger.warn(`${count} more messages of ${RESERVATIONS_TOPIC} were skipped within 10 s`),
  );
  private consumer: KafkaConsumer | undefined;

  constructor(
    private readonly kafka: KafkaConnection,
    private readonly batches: BatchesInHand,
    private readonly metrics: KafkaTransportMetrics,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.coupon.issuance.transport !== 'kafka' || !issuesHere(this.config)) return;
    const consumer = this.kafka.consumer(ISSUANCE_GROUP, RESERVATIONS_TOPIC);
    this.consumer = consumer;
    this.metrics.lag = () => consumer.lag;
    consumer.start((messages) => this.receive(messages));
  }

  /** Leaves the group, so that others go on at once; what is not settled by then comes to them again. */
  async beforeApplicationShutdown(): Promise<void> {
    if (this.consumer === undefined) return;
    const left = this.consumer.stop();
    await endsWithin(left, DRAIN_MS);
    this.stop.abort();
    await endsWithin(left, LEAVE_MS);
  }

  /**
   * Resolves when everyone in these messages is settled, or left to the sweep. While Redis or MySQL is away it does
   * neither, and waits.
   *
   * @throws when the partition is given to another instance, or this one ends: then the messages come again
   */
  async receive({ partition, values, heartbeat }: ReceivedMessages): Promise<void> {
    const giveBack = new AbortController();
    const signal = AbortSignal.any([giveBack.signal, this.stop.signal]);
    const coupons = [...this.byCoupon(partition, values)];
    const issuing = Promise.all(coupons.map(([couponId, ofCoupon]) => this.batches.issue(couponId, ofCoupon, signal)));
    try {
      while (!(await endsWithin(issuing, HEARTBEAT_MS))) {
        this.stop.signal.throwIfAborted();
        await heartbeat();
      }
    } finally {
      giveBack.abort();
    }
  }

  /** In the order in which they came. */
  private byCoupon(partition: number, values: ReceivedMessages['values']): Map<number, Reservation[]> {
    const coupons = new Map<number, Reservation[]>();
    for (const value of values) {
      const admitted = fromMessage(value);
      if (admitted === undefined) {
        this.skip(partition);
        continue;
      }
      const ofCoupon = coupons.get(admitted.couponId) ?? [];
      coupons.set(admitted.couponId, ofCoupon);
      ofCoupon.push(...admitted.reservations);
    }
    return coupons;
  }

  private skip(partition: number): void {
    this.metrics.poison.inc();
    this.poison.write(() =>
      this.logger.warn(`a message of ${RESERVATIONS_TOPIC}, partition ${partition}, is none of ours and is skipped`),
    );
  }
}
