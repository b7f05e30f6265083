import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';
import type { ProblemReason } from '../dependencies/problem-reason.js';
import { endsWithin } from '../time-limit.js';
import { GroupConsumer } from './group-consumer.js';
import { openKafka } from './kafka-client.js';
import type { KafkaConsumer, KafkaProducer } from './kafka-messages.js';
import { KafkaState } from './kafka-state.js';
import { TopicProducer } from './topic-producer.js';
import { Topics } from './topics.js';

/** Of the 5 s a stop may take. */
const CLOSE_MS = 1_000;

/**
 * The one way to Kafka (ADR 18). Brokers that are away stop nothing: whoever uses it is told so, and it tries again. As
 * long as nobody uses it nothing is loaded, and nothing connects.
 */
@Injectable()
export class KafkaConnection implements OnApplicationShutdown {
  private readonly state = new KafkaState();
  private readonly topics: Topics;
  private readonly producers: TopicProducer[] = [];
  private readonly consumers: GroupConsumer[] = [];
  private readonly open: () => ReturnType<typeof openKafka>;

  constructor(@Inject(CONFIG) config: Config) {
    this.open = () => openKafka(config);
    this.topics = new Topics(this.open);
  }

  /** Something goes through Kafka here. */
  get isUsed(): boolean {
    return this.producers.length > 0 || this.consumers.length > 0;
  }

  /** Why it does not do what we need of it, as far as is known; undefined while it does. */
  get problem(): ProblemReason | undefined {
    return this.state.problem;
  }

  /** @param inOrder whatever is sent stays in its order, though one send does not wait for the one before */
  producer({ inOrder }: { readonly inOrder: boolean }): KafkaProducer {
    const producer = new TopicProducer(this.open, this.topics, inOrder);
    this.producers.push(producer);
    return producer;
  }

  /** A member of the group, which has begun nothing yet. */
  consumer(group: string, topic: string): KafkaConsumer {
    const consumer = new GroupConsumer(this.open, this.topics, this.state, { group, topic });
    this.consumers.push(consumer);
    return consumer;
  }

  /** Whoever writes says what became of it: only they know whether they go on trying. */
  failed(user: string, error: unknown): void {
    this.state.fail(user, error);
  }

  recovered(user: string): void {
    this.state.recover(user);
  }

  /** A broker that stands still is not waited for: the end of the process closes its connection, too. */
  async onApplicationShutdown(): Promise<void> {
    this.state.end();
    const closed = [
      ...this.consumers.map((consumer) => consumer.stop()),
      ...this.producers.map((producer) => producer.close()),
    ];
    await endsWithin(Promise.allSettled(closed), CLOSE_MS);
  }
}
