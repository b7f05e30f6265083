import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import { KafkaConnection } from '../../platform/kafka/kafka-connection.js';
import type { KafkaProducer } from '../../platform/kafka/kafka-messages.js';
import type { EventsConfig } from '../events.config.js';

const USER = 'events';
const CLOUD_EVENT = { 'content-type': 'application/cloudevents+json; charset=utf-8' };

/** An event on its way: its subject, whose events stay in their order, and itself, as the JSON of a CloudEvent. */
export interface EventMessage {
  readonly key: string;
  readonly value: string;
}

/** Tells Kafka what the ledger decided, where `events.kafka.enabled` says so. */
@Injectable()
export class KafkaEvents {
  private readonly topic: string;
  private readonly producer: KafkaProducer | undefined;

  constructor(
    private readonly kafka: KafkaConnection,
    @Inject(CONFIG) { events }: EventsConfig,
  ) {
    this.topic = events.kafka.topic;
    if (events.kafka.enabled) this.producer = kafka.producer({ inOrder: true });
  }

  get isEnabled(): boolean {
    return this.producer !== undefined;
  }

  /**
   * Resolves when enough brokers have all of them. Call it again with the same ones when it throws: some may be there
   * already, and whoever reads them knows them by their ids. One call at a time, for the sake of the order.
   *
   * @throws KafkaUnavailableError
   */
  async send(messages: readonly EventMessage[]): Promise<void> {
    if (this.producer === undefined) throw new Error('events.kafka.enabled is false');
    try {
      await this.producer.send(
        this.topic,
        messages.map(({ key, value }) => ({ key, value, headers: CLOUD_EVENT })),
      );
      this.kafka.recovered(USER);
    } catch (error) {
      this.kafka.failed(USER, error);
      throw error;
    }
  }
}
