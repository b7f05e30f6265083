import type { CloudEvent } from '../../../src/events/cloud-event.js';
import type { Party } from '../world/party.js';
import type { World } from '../world/world.js';

/** What a receiver does with what it is sent. */
export type Mood = 'TAKES' | 'REFUSES' | 'HANGS';

/** Another system, to which events are told; it lives as long as the history. */
export class Receiver {
  mood: Mood = 'TAKES';
  /** It has read the event; that it answers is another matter. */
  onReceived: (event: CloudEvent, from: Party | undefined) => void = () => {};

  constructor(
    private readonly world: World,
    readonly key: string,
  ) {}

  receive(event: CloudEvent): void {
    this.world.tell(`${this.key} is told ${event.id}, ${event.type}`);
    this.onReceived(event, this.world.party);
  }
}
