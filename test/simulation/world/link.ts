import type { Chance } from './chance.js';
import type { WorldEvent } from './event-queue.js';
import type { Party } from './party.js';
import type { World } from './world.js';

/** How long messages take: most of them next to nothing, some of them as long as in a bad network. */
export interface Weather {
  /** Of a hundred messages so many are late by 2 to 22 ms. */
  readonly latePercent: number;
  /** And so many by 50 to 450 ms, which is longer than some callers wait. */
  readonly veryLatePercent: number;
  /** How many times longer than in a data centre messages take. */
  readonly slownessOfRedis: number;
  readonly slownessOfMysql: number;
}

/** Between two messages of the same direction. */
const GAP_MS = 0.001;

/**
 * A connection between an instance and a server: it keeps the order of what is sent in each direction. A stalled one
 * delivers nothing for a while; of one that was cut nothing arrives any more that is on its way.
 */
export class Link {
  isUp = true;
  private lastAtServer = 0;
  private lastAtInstance = 0;
  private readonly underWay = new Set<WorldEvent>();

  constructor(
    private readonly world: World,
    readonly instance: Party,
    readonly server: Party,
    private readonly chance: Chance,
    private readonly weather: Weather,
    private readonly slowness: 'slownessOfRedis' | 'slownessOfMysql',
  ) {}

  /** What the instance has sent arrives, also when it has died meanwhile. The dead send nothing. */
  toServer(label: string, arrive: () => void): void {
    if (!this.instance.isDead) this.sendToServer(label, arrive);
  }

  /** The kernel of a process that has died closes the connection, after what was written to it. */
  closedByKernel(arrive: () => void): void {
    this.sendToServer('closed', arrive);
  }

  private sendToServer(label: string, arrive: () => void): void {
    this.lastAtServer = this.arrival(this.lastAtServer);
    this.send(this.lastAtServer, label, arrive, this.server);
  }

  toInstance(label: string, arrive: () => void): void {
    this.lastAtInstance = this.arrival(this.lastAtInstance);
    this.send(this.lastAtInstance, label, arrive, this.instance);
  }

  /** Whatever is sent from now on arrives after `ms` at the earliest. */
  stall(ms: number): void {
    this.lastAtServer = Math.max(this.lastAtServer, this.world.now) + ms;
    this.lastAtInstance = Math.max(this.lastAtInstance, this.world.now) + ms;
  }

  /** Nothing that is on its way arrives, and neither side is told. */
  cut(): void {
    this.isUp = false;
    for (const event of this.underWay) event.isCancelled = true;
    this.underWay.clear();
  }

  private arrival(last: number): number {
    return Math.max(this.world.now + this.latency(), last + GAP_MS);
  }

  private send(at: number, label: string, arrive: () => void, receiver: Party): void {
    if (!this.isUp) return;
    const event = this.world.after(
      at - this.world.now,
      label,
      () => {
        this.underWay.delete(event);
        arrive();
      },
      receiver,
    );
    this.underWay.add(event);
  }

  private latency(): number {
    const { latePercent, veryLatePercent } = this.weather;
    const draw = this.chance.next() * 100;
    if (draw < veryLatePercent) return 50 + this.chance.next() * 400;
    if (draw < veryLatePercent + latePercent) return 2 + this.chance.next() * 20;
    return (0.05 + this.chance.next() * 1.5) * this.weather[this.slowness];
  }
}
