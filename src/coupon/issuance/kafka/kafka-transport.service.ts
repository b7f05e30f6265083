import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG } from '../../../platform/config/config.module.js';
import { KafkaConnection } from '../../../platform/kafka/kafka-connection.js';
import type { KafkaMessage, KafkaProducer } from '../../../platform/kafka/kafka-messages.js';
import { type CouponConfig, issuesHere } from '../../coupon.config.js';
import type { Reservation } from '../../reservation/reservation.js';
import { IssuanceQueue } from '../issuance-queue.service.js';
import type { IssuanceTransport } from '../issuance-transport.js';
import { KafkaTransportMetrics } from './kafka-transport-metrics.js';
import { OutgoingLane } from './outgoing-lane.js';
import { RESERVATIONS_TOPIC, toMessage } from './reservations-topic.js';

/** Far below the megabyte that a broker takes. */
const MAX_IN_MESSAGE = 5_000;
const AGAIN_MS = 1_000;
/** Of the 5 s a stop may take, what this may use. */
const DRAIN_MS = 1_000;

/**
 * Writes admitted users to Kafka, a message for all that one script admitted, and for all that came while the message of
 * their coupon before it was on its way. What Kafka does not take is issued in this process, if it issues; else the sweep
 * of one that does will find it.
 */
@Injectable()
export class KafkaTransport implements IssuanceTransport, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly lanes = new Map<number, OutgoingLane>();
  private readonly producer: KafkaProducer | undefined;
  private waiting = 0;
  private isStopped = false;

  constructor(
    private readonly kafka: KafkaConnection,
    private readonly queue: IssuanceQueue,
    private readonly metrics: KafkaTransportMetrics,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {
    if (config.coupon.issuance.transport === 'kafka') this.producer = kafka.producer({ inOrder: false });
  }

  submit(couponId: number, reservations: readonly Reservation[]): void {
    const lane = this.lanes.get(couponId) ?? new OutgoingLane(couponId);
    if (lane.isFailing || this.waiting + reservations.length > this.config.coupon.issuance.queueCapacity) {
      this.issueWithout(couponId, reservations);
      return;
    }
    this.lanes.set(couponId, lane);
    this.waiting += reservations.length;
    lane.add(reservations);
    if (!lane.isSending) void this.sendAll(lane);
  }

  /** Waits for what is on its way, but not for longer than a stop may take. */
  async beforeApplicationShutdown(): Promise<void> {
    const deadline = Date.now() + DRAIN_MS;
    while (this.waiting > 0 && Date.now() < deadline) await delay(5);
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
  }

  private async sendAll(lane: OutgoingLane): Promise<void> {
    lane.isSending = true;
    for (let batch = lane.take(MAX_IN_MESSAGE); batch.length > 0; batch = lane.take(MAX_IN_MESSAGE)) {
      const message = toMessage(lane.couponId, batch);
      try {
        await this.producer?.send(RESERVATIONS_TOPIC, [message]);
        this.metrics.produced.inc({ result: 'produced' }, batch.length);
        this.waiting -= batch.length;
      } catch (error) {
        const all = [...batch, ...lane.take(Number.POSITIVE_INFINITY)];
        this.waiting -= all.length;
        this.issueWithout(lane.couponId, all);
        await this.sendAgain(lane, message, error);
      }
    }
    this.lanes.delete(lane.couponId);
  }

  /**
   * Until Kafka takes it, which shows that it takes messages of this coupon again. Whoever is in it has been issued by
   * then, or is issued a little sooner.
   */
  private async sendAgain(lane: OutgoingLane, message: KafkaMessage, firstError: unknown): Promise<void> {
    const name = `reservations of coupon ${lane.couponId}`;
    lane.isFailing = true;
    for (let error = firstError; error !== undefined && !this.isStopped;) {
      this.kafka.failed(name, error);
      await delay(AGAIN_MS, undefined, { ref: false });
      error = await this.errorOf(message);
    }
    lane.isFailing = false;
    if (!this.isStopped) this.kafka.recovered(name);
  }

  /** Undefined when Kafka has taken it. */
  private async errorOf(message: KafkaMessage): Promise<unknown> {
    try {
      await this.producer?.send(RESERVATIONS_TOPIC, [message]);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  private issueWithout(couponId: number, reservations: readonly Reservation[]): void {
    this.metrics.produced.inc({ result: 'failed' }, reservations.length);
    if (issuesHere(this.config)) this.queue.submit(couponId, reservations);
  }
}
