/** What is written to a topic. Messages of one key stay in the order in which they were written. */
export interface KafkaMessage {
  readonly key: string;
  readonly value: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Writes to topics. */
export interface KafkaProducer {
  /**
   * Resolves when enough brokers have all of the messages.
   *
   * @throws KafkaUnavailableError otherwise, and when that takes too long; they may be there all the same, or twice
   */
  send(topic: string, messages: readonly KafkaMessage[]): Promise<void>;
}

/** What was read from one partition of a topic at once, in its order. */
export interface ReceivedMessages {
  readonly partition: number;
  /** The values; null where one has none. */
  readonly values: ReadonlyArray<Buffer | null>;
  /**
   * To be called at least every few seconds by whoever takes longer, or the partition is given to another member.
   *
   * @throws what must not be caught, when this has happened, or is about to
   */
  readonly heartbeat: () => Promise<void>;
}

/** Does what is to be done with messages. When it resolves they are committed; when it throws they come again. */
export type Receive = (messages: ReceivedMessages) => Promise<void>;

/** A member of a group that shares the partitions of a topic among its members. */
export interface KafkaConsumer {
  /** How many messages of its partitions it has not seen to, as far as is known. */
  readonly lag: number;
  /** Begins, and goes on until `stop` whatever happens to the brokers. Each partition has its turn for itself. */
  start(receive: Receive): void;
  /** Leaves the group, so that the others get its partitions at once. What is in hand must have been given back. */
  stop(): Promise<void>;
}
