import { type Holding, isNews, type ReservationReading } from '../reservation-reading.js';
import type { WaiterKind } from './waiter-limits.js';

/** After these times a reservation is read anew, whatever was heard of it; then again and again. */
const FIRST_READS_MS = [500, 1000, 2000];
const LAST_FIRST_MS = 2000;
const READ_EVERY_MS = 3000;

/** For whom somebody waits. */
export interface Wait extends Holding {
  readonly kind: WaiterKind;
  /** What the caller knows already. */
  readonly known?: ReservationReading;
  readonly onNews: (reading: ReservationReading) => void;
  /** The instance stops: nothing more will be told. */
  readonly onStop?: () => void;
}

/** Somebody who waits for a reservation, what they were told of it, and when it is to be read again. */
export class ReservationWaiter {
  private known: ReservationReading | undefined;
  private isStopped = false;
  private readonly since = performance.now();
  private nextReadAt = this.since + (FIRST_READS_MS[0] ?? 0);

  constructor(readonly wait: Wait) {
    this.known = wait.known;
  }

  /** Tells what was read or announced, if it is news. */
  tell(reading: ReservationReading): void {
    if (!isNews(reading, this.known)) return;
    this.known = reading;
    this.wait.onNews(reading);
    if (this.isStopped) this.wait.onStop?.();
  }

  /** Nothing more will be told than what is known, or is just being read. */
  stop(): void {
    this.isStopped = true;
    if (this.known !== undefined) this.wait.onStop?.();
  }

  isDue(now: number): boolean {
    return now >= this.nextReadAt;
  }

  /** Something may have happened. */
  becomeDue(): void {
    this.nextReadAt = 0;
  }

  /** It is being read: the next time is that of the schedule. */
  beginRead(now: number): void {
    this.nextReadAt = this.since + nextReadAfter(now - this.since);
  }
}

/** When, in ms since the wait began, a read is due after one at `elapsedMs`. */
export function nextReadAfter(elapsedMs: number): number {
  const first = FIRST_READS_MS.find((ms) => ms > elapsedMs);
  if (first !== undefined) return first;
  return LAST_FIRST_MS + READ_EVERY_MS * (Math.floor((elapsedMs - LAST_FIRST_MS) / READ_EVERY_MS) + 1);
}
