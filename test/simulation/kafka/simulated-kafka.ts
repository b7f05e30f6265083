import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaConnection } from '../../../src/platform/kafka/kafka-connection.js';
import type { KafkaConsumer, KafkaProducer } from '../../../src/platform/kafka/kafka-messages.js';
import type { PublicPart } from '../ledger/repositories/statement-runner.js';
import type { Chance } from '../world/chance.js';
import type { Party } from '../world/party.js';
import type { Member, SimulatedBroker } from './simulated-broker.js';

const LONGEST_WAY_MS = 20;

/** The connection of an instance to the simulated broker. */
export class SimulatedKafka implements PublicPart<KafkaConnection> {
  readonly problem = undefined;

  constructor(
    private readonly broker: SimulatedBroker,
    private readonly party: Party,
    private readonly chance: Chance,
  ) {}

  get isUsed(): boolean {
    return true;
  }

  producer(): KafkaProducer {
    return {
      send: async (_topic, messages) => {
        await delay(this.chance.below(LONGEST_WAY_MS));
        for (const message of messages) this.broker.write(message);
        await delay(this.chance.below(LONGEST_WAY_MS));
      },
    };
  }

  consumer(): KafkaConsumer {
    let member: Member | undefined;
    return {
      lag: 0,
      start: (receive) => this.broker.join((member = { party: this.party, receive })),
      stop: async () => {
        if (member !== undefined) this.broker.leave(member);
      },
    };
  }

  failed(): void {}

  recovered(): void {}

  async onApplicationShutdown(): Promise<void> {}
}
