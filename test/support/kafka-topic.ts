import { Kafka, logLevel } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { atEndOfFile } from './cleanup.js';

/** Writes into a topic, and reads it, as anybody may who reaches the brokers. */
export class KafkaTopic {
  private readonly kafka;
  private readonly producer;

  private constructor(
    brokers: string,
    private readonly topic: string,
  ) {
    this.kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
    this.producer = this.kafka.producer();
  }

  /** @param brokers as in KAFKA_BROKERS; closed at the end of the test file */
  static async open(brokers: string, topic: string): Promise<KafkaTopic> {
    const opened = new KafkaTopic(brokers, topic);
    await opened.producer.connect();
    atEndOfFile(() => opened.producer.disconnect());
    return opened;
  }

  /** What there is under this key, from the beginning on; calls `onValue` for each until the end of the test file. */
  async follow(key: string, onValue: (value: string) => void): Promise<void> {
    const consumer = this.kafka.consumer({ groupId: `of-test-${randomUUID()}` });
    atEndOfFile(() => consumer.disconnect());
    await consumer.connect();
    await consumer.subscribe({ topic: this.topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        if (message.key?.toString() === key) onValue(message.value?.toString() ?? '');
      },
    });
  }

  /** In this order; resolves when all brokers have them. */
  async write(key: string, values: readonly string[]): Promise<void> {
    await this.producer.send({ topic: this.topic, messages: values.map((value) => ({ key, value })) });
  }
}
