import { KafkaUnavailableError } from '../../../src/platform/kafka/kafka-errors.js';
import type { KafkaMessage, Receive } from '../../../src/platform/kafka/kafka-messages.js';
import type { Chance } from '../world/chance.js';
import type { Party } from '../world/party.js';
import type { World } from '../world/world.js';

/** Until a member that is silent has lost its partitions. */
const SESSION_MS = 10_000;
const LONGEST_WAY_MS = 40;
const LATE_MS = 8_000;

/** A member of the group that reads the topic. */
export interface Member {
  readonly party: Party;
  readonly receive: Receive;
}

/** Like the brokers at their worst: what is written may be lost, come late, come twice, and to anyone. */
export class SimulatedBroker {
  isAway = false;
  /** In so many of a hundred messages each. */
  lostPercent = 0;
  latePercent = 0;
  doubledPercent = 0;
  private readonly members = new Set<Member>();

  constructor(
    private readonly world: World,
    private readonly chance: Chance,
  ) {}

  /** @throws KafkaUnavailableError while it is away; then nobody gets the message */
  write({ value }: KafkaMessage): void {
    if (this.isAway) throw new KafkaUnavailableError(new Error('no broker answers'));
    const copies = this.chance.is(this.doubledPercent / 100) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.chance.is(this.lostPercent / 100)) this.world.tell('Kafka loses a message');
      else this.deliver(value, this.chance.is(this.latePercent / 100) ? this.chance.below(LATE_MS) : 0);
    }
  }

  join(member: Member): void {
    this.members.add(member);
  }

  leave(member: Member): void {
    this.members.delete(member);
  }

  /** To any member, and to another one when that does not commit it. */
  private deliver(value: string, afterMs: number): void {
    this.world.after(afterMs + this.chance.below(LONGEST_WAY_MS), 'Kafka delivers', () => this.hand(value), undefined);
  }

  private hand(value: string): void {
    const members = [...this.members].filter(({ party }) => !party.isDead);
    if (members.length === 0) return this.deliver(value, SESSION_MS);
    const member = this.chance.pick(members);
    let isCommitted = false;
    const again = (): void => {
      if (isCommitted) return;
      isCommitted = true;
      this.deliver(value, 0);
    };
    const receive = async (): Promise<void> => {
      try {
        await member.receive({ partition: 0, values: [Buffer.from(value)], heartbeat: async () => {} });
        isCommitted = true;
      } catch {
        // As the client does: what is not committed comes again.
        again();
      }
    };
    this.world.after(0, 'Kafka hands out', () => void receive(), member.party);
    const look = (): void => {
      if (isCommitted) return;
      if (member.party.isDead) again();
      else this.world.after(SESSION_MS, 'Kafka looks at its members', look, undefined);
    };
    this.world.after(SESSION_MS, 'Kafka looks at its members', look, undefined);
  }
}
