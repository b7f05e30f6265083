import { Chance } from './chance.js';
import { EventQueue, type WorldEvent } from './event-queue.js';
import type { Party } from './party.js';
import { microtasksAreDone } from './real.js';

/** Where virtual time begins: shortly before midnight in Seoul, so that sales fall on both sides of a business day. */
export const EPOCH_MS = Date.UTC(2027, 0, 15, 14, 59, 45);

/** The ticks of circuit breakers, which only turn a ring of counters, are no steps. */
const TICK = 'tick';
/** An interval at least this long is of ours. */
const SHORTEST_INTERVAL_MS = 101;

/**
 * The simulated world of one history: its time, what is going to happen in it, and what has happened. One step is one
 * event (a message or reply that arrives, a timer, an action) and all microtasks after it. Nothing else moves, so a
 * history is a function of its seed.
 */
export class World {
  /** Virtual time in milliseconds. */
  now = 0;
  steps = 0;
  /** To whom the step happens that is going on: what it starts belongs to the same one. */
  party: Party | undefined;
  /** What has happened, in words, with its time. */
  readonly story: string[] = [];
  /** Whether every single step is told, too. */
  isVerbose = false;
  private readonly events = new EventQueue();
  private planned = 0;
  private hash = 0x811c9dc5;

  /** For whatever the application draws. */
  readonly applicationChance: Chance;

  constructor(readonly seed: number) {
    this.applicationChance = this.chance('application');
  }

  /** A stream of chance of this name, from its beginning. */
  chance(name: string): Chance {
    return new Chance(this.seed, name);
  }

  /** Lets `run` happen in `ms`, to the one whose step is going on. */
  soon(ms: number, label: string, run: () => void): WorldEvent {
    return this.after(ms, label, run, this.party);
  }

  /** Lets `run` happen in `ms` to this party; to nobody, and in any case, when it is undefined. */
  after(ms: number, label: string, run: () => void, party: Party | undefined): WorldEvent {
    const at = this.now + Math.max(0, Math.round(ms * 1000) / 1000);
    const event = { at, order: this.planned, label, run, party, isCancelled: false };
    this.planned += 1;
    this.events.add(event);
    return event;
  }

  /** Calls `run` again and again, for the one whose step is going on; cancelled by the returned function. */
  every(ms: number, run: () => void): () => void {
    const { party } = this;
    const label = ms < SHORTEST_INTERVAL_MS ? TICK : 'interval';
    let event: WorldEvent;
    const plan = (): void => {
      event = this.after(
        ms,
        label,
        () => {
          plan();
          run();
        },
        party,
      );
    };
    plan();
    return () => (event.isCancelled = true);
  }

  /** Tells what has happened, in a sentence. It becomes part of the hash. */
  tell(sentence: string): void {
    this.mix(textHash(sentence));
    this.story.push(`${(this.now / 1000).toFixed(4).padStart(9)} s  ${sentence}`);
  }

  /** The wall clock of this party, in ms since 1970; the true time when it is undefined. */
  wallClockMs(party: Party | undefined): number {
    return EPOCH_MS + this.now + (party?.clockOffsetMs ?? 0);
  }

  /** Lets the next event happen, and everything that it leads to at once; false when nothing is left. */
  async step(): Promise<boolean> {
    for (;;) {
      const event = this.events.next();
      if (event === undefined) return false;
      if (!this.begin(event)) continue;
      event.run();
      if (event.label === TICK) continue;
      this.steps += 1;
      await microtasksAreDone();
      return true;
    }
  }

  /** What tells two histories apart. */
  get fingerprint(): string {
    return (this.hash >>> 0).toString(16).padStart(8, '0');
  }

  private begin(event: WorldEvent): boolean {
    const { party } = event;
    if (event.isCancelled || party?.isDead) return false;
    if (party?.isFrozenAt(event.at)) {
      event.at = party.frozenUntil;
      event.order = this.planned;
      this.planned += 1;
      this.events.add(event);
      return false;
    }
    this.now = event.at;
    this.party = party;
    this.mix(event.at * 1000);
    this.mix(this.labelHash(event.label));
    if (this.isVerbose && event.label !== TICK) this.tell(`. ${party?.name ?? 'world'}: ${event.label}`);
    return true;
  }

  private mix(value: number): void {
    this.hash = Math.imul(this.hash ^ value, 0x01000193);
    this.hash ^= this.hash >>> 15;
  }

  private labelHash(label: string): number {
    let hash = labelHashes.get(label);
    if (hash === undefined) labelHashes.set(label, (hash = textHash(label)));
    return hash;
  }
}

/** Labels are few, and the same in every history. */
const labelHashes = new Map<string, number>();

function textHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}
