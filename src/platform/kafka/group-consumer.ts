import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { FEW_RETRIES } from './kafka-client.js';
import type { KafkaConsumer, Receive } from './kafka-messages.js';
import type { KafkaState } from './kafka-state.js';
import type { Topics } from './topics.js';

const SESSION_MS = 10_000;
/** As often as the client may be asked for it; it sends no more than that. */
const HEARTBEAT_MS = 1_000;
/** Between two looks for messages where there are none; so long, too, a stop may wait. */
const MAX_WAIT_MS = 500;
const AGAIN_MS = 1_000;
/** More than there are partitions: each has its turn for itself. */
const CONCURRENCY = 64;

interface Membership {
  readonly group: string;
  readonly topic: string;
}

/** A client that gives up is followed by a new one, until we are to stop. */
export class GroupConsumer implements KafkaConsumer {
  private readonly lags = new Map<number, number>();
  private running: Promise<void> | undefined;
  private isStopped = false;
  private endStopped = (): void => {};
  private readonly stopped = new Promise<void>((resolve) => (this.endStopped = resolve));

  constructor(
    private readonly open: () => Promise<Kafka>,
    private readonly topics: Topics,
    private readonly state: KafkaState,
    private readonly membership: Membership,
  ) {}

  get lag(): number {
    return [...this.lags.values()].reduce((sum, lag) => sum + lag, 0);
  }

  start(receive: Receive): void {
    this.running ??= this.goOn(receive);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.endStopped();
    await this.running;
  }

  private async goOn(receive: Receive): Promise<void> {
    while (!this.isStopped) {
      try {
        await this.consume(receive);
      } catch (error) {
        this.state.fail(this.membership.group, error);
      }
      this.lags.clear();
      await Promise.race([this.stopped, delay(AGAIN_MS)]);
    }
  }

  /** Resolves when we are to stop. @throws why the client gave up */
  private async consume(receive: Receive): Promise<void> {
    const { group, topic } = this.membership;
    await this.topics.ensure(topic);
    const kafka = await this.open();
    const consumer = kafka.consumer({
      groupId: group,
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: MAX_WAIT_MS,
      allowAutoTopicCreation: false,
      // It is we who begin anew.
      retry: { ...FEW_RETRIES, restartOnFailure: async () => false },
    });
    const crash = new Promise<never>((_resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    });
    consumer.on(consumer.events.GROUP_JOIN, () => {
      this.lags.clear();
      this.state.recover(group);
    });
    try {
      await Promise.race([crash, this.join(consumer, receive)]);
    } finally {
      await consumer.disconnect();
    }
  }

  /** Resolves when we are to stop. */
  private async join(consumer: Consumer, receive: Receive): Promise<void> {
    await consumer.connect();
    await consumer.subscribe({ topics: [this.membership.topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: CONCURRENCY,
      eachBatch: (payload) => this.receive(payload, receive),
    });
    await this.stopped;
  }

  private async receive({ batch, ...client }: EachBatchPayload, receive: Receive): Promise<void> {
    const { topic, partition } = batch;
    const behind = Number(batch.offsetLag());
    this.lags.set(partition, behind + batch.messages.length);
    await receive({
      partition,
      values: batch.messages.map(({ value }) => value),
      heartbeat: () => client.heartbeat(),
    });
    const last = batch.lastOffset();
    const offset = String(BigInt(last) + 1n);
    // Before it goes on from there: what could not be committed comes again.
    await client.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
    client.resolveOffset(last);
    this.lags.set(partition, behind);
  }
}
