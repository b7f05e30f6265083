import { Kafka, logLevel } from 'kafkajs';
import { atEndOfFile } from './cleanup.js';

/** Writes into a topic as anybody may who reaches the brokers. */
export class KafkaTopic {
  private readonly producer;

  private constructor(
    brokers: string,
    private readonly topic: string,
  ) {
    this.producer = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).producer();
  }

  /** @param brokers as in KAFKA_BROKERS; closed at the end of the test file */
  static async open(brokers: string, topic: string): Promise<KafkaTopic> {
    const opened = new KafkaTopic(brokers, topic);
    await opened.producer.connect();
    atEndOfFile(() => opened.producer.disconnect());
    return opened;
  }

  /** In this order; resolves when all brokers have them. */
  async write(key: string, values: readonly string[]): Promise<void> {
    await this.producer.send({ topic: this.topic, messages: values.map((value) => ({ key, value })) });
  }
}
