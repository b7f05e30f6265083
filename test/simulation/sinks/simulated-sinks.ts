import { setTimeout as delay } from 'node:timers/promises';
import type { CloudEvent } from '../../../src/events/cloud-event.js';
import type { SinkDirectory } from '../../../src/events/relay/sink-directory.js';
import type { SendResult, Sink } from '../../../src/events/relay/sink.js';
import type { PublicPart } from '../ledger/repositories/statement-runner.js';
import type { Chance } from '../world/chance.js';
import type { Receiver } from './receiver.js';

/** As the time-out of a webhook. */
const TIMEOUT_MS = 10_000;
const LONGEST_WAY_MS = 30;

/** As an instance sees the receivers: over a network that takes its time, and loses answers. */
export class SimulatedSinks implements PublicPart<SinkDirectory> {
  private readonly sinks: readonly Sink[];

  constructor(receivers: readonly Receiver[], chance: Chance) {
    this.sinks = receivers.map((receiver) => new SimulatedSink(receiver, chance));
  }

  async all(): Promise<readonly Sink[]> {
    return this.sinks;
  }
}

class SimulatedSink implements Sink {
  readonly kind = 'webhook';
  readonly isActive = true;
  readonly maxBatch = 1;
  readonly maxConcurrent = 4;

  constructor(
    private readonly receiver: Receiver,
    private readonly chance: Chance,
  ) {}

  get key(): string {
    return this.receiver.key;
  }

  wants(): boolean {
    return true;
  }

  async send(events: readonly CloudEvent[], over: AbortSignal): Promise<SendResult> {
    await delay(this.chance.below(LONGEST_WAY_MS));
    const { mood } = this.receiver;
    if (mood === 'REFUSES') return { isDelivered: false, responseStatus: 500, error: 'answered 500' };
    const isRead = mood === 'TAKES' || this.chance.is(0.5);
    if (isRead) for (const event of events) this.receiver.receive(event);
    if (mood === 'HANGS') {
      const rest = delay(TIMEOUT_MS, undefined, { signal: over });
      await rest.catch(() => undefined);
      return { isDelivered: false, responseStatus: null, error: 'no answer in time' };
    }
    await delay(this.chance.below(LONGEST_WAY_MS));
    return { isDelivered: true, responseStatus: 204, error: null };
  }
}
