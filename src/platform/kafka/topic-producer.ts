import type { Kafka, Producer } from 'kafkajs';
import { withinTimeLimit } from '../time-limit.js';
import { FEW_RETRIES } from './kafka-client.js';
import { KafkaTimeoutError, KafkaUnavailableError } from './kafka-errors.js';
import type { KafkaMessage, KafkaProducer } from './kafka-messages.js';
import type { Topics } from './topics.js';

/** Enough for another broker to take the place of one that is gone. */
const TIMEOUT_MS = 5_000;
const ALL_REPLICAS = -1;

/**
 * Connects when something is to be written, and again after a failure. Not idempotent: what is written twice changes
 * nothing, and the client loses its count when a broker is lost.
 */
export class TopicProducer implements KafkaProducer {
  private connecting: Promise<Producer> | undefined;

  /** @param inOrder one request at a time for each broker: whatever is sent stays in its order, whoever sends it */
  constructor(
    private readonly open: () => Promise<Kafka>,
    private readonly topics: Topics,
    private readonly inOrder: boolean,
  ) {}

  async send(topic: string, messages: readonly KafkaMessage[]): Promise<void> {
    try {
      await withinTimeLimit(this.write(topic, messages), TIMEOUT_MS, () => new KafkaTimeoutError('no answer in time'));
    } catch (error) {
      throw new KafkaUnavailableError(error);
    }
  }

  async close(): Promise<void> {
    const connecting = this.connecting;
    this.connecting = undefined;
    // One that could not be connected has nothing to close.
    const producer = await connecting?.catch(() => undefined);
    await producer?.disconnect();
  }

  private async write(topic: string, messages: readonly KafkaMessage[]): Promise<void> {
    await this.topics.ensure(topic);
    const producer = await this.connected();
    await producer.send({
      topic,
      acks: ALL_REPLICAS,
      messages: messages.map(({ key, value, headers }) => ({
        key,
        value,
        ...(headers && { headers: { ...headers } }),
      })),
    });
  }

  private async connected(): Promise<Producer> {
    this.connecting ??= this.connect();
    try {
      return await this.connecting;
    } catch (error) {
      this.connecting = undefined;
      throw error;
    }
  }

  private async connect(): Promise<Producer> {
    const kafka = await this.open();
    const producer = kafka.producer({
      allowAutoTopicCreation: false,
      idempotent: false,
      retry: FEW_RETRIES,
      ...(this.inOrder && { maxInFlightRequests: 1 }),
    });
    await producer.connect();
    return producer;
  }
}
