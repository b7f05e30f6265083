import type { Kafka } from 'kafkajs';
import { SingleFlight } from '../concurrency/single-flight.js';

const PARTITIONS = 12;
/** As the brokers are set. */
const REPLICAS_OF_BROKERS = -1;

/** Creates the topics that we use, where they are missing. */
export class Topics {
  private readonly found = new Set<string>();
  private readonly looks = new SingleFlight<string, void>();

  constructor(private readonly open: () => Promise<Kafka>) {}

  /** Resolves when there is the topic. @throws what the client throws */
  async ensure(topic: string): Promise<void> {
    if (this.found.has(topic)) return;
    await this.looks.run(topic, () => this.createIfMissing(topic));
  }

  private async createIfMissing(topic: string): Promise<void> {
    const admin = (await this.open()).admin();
    await admin.connect();
    try {
      if (!(await admin.listTopics()).includes(topic))
        await admin.createTopics({
          topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: REPLICAS_OF_BROKERS }],
        });
      this.found.add(topic);
    } finally {
      await admin.disconnect();
    }
  }
}
