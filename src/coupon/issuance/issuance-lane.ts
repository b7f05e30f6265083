import type { Reservation } from '../reservation/reservation.js';

/**
 * The reservations of one coupon that this process is about to issue, in the order in which they came. A number is held
 * from `add` to `done`, so that the sweep does not hand in what is on its way already.
 */
export class IssuanceLane {
  private waiting: Reservation[] = [];
  /** Sequence number → when it was submitted, by `performance.now()`. */
  private readonly held = new Map<number, number>();
  /** Someone is taking batches from this lane. */
  running = false;

  constructor(readonly couponId: number) {}

  /** Reservations waiting for a batch. */
  get length(): number {
    return this.waiting.length;
  }

  /** Adds a reservation that is not held yet. */
  add(reservation: Reservation, submittedAt: number): void {
    this.held.set(reservation.sequenceNumber, submittedAt);
    this.waiting.push(reservation);
  }

  holds(sequenceNumber: number): boolean {
    return this.held.has(sequenceNumber);
  }

  /** The next batch; still held. */
  take(size: number): Reservation[] {
    if (this.waiting.length > size) return this.waiting.splice(0, size);
    const all = this.waiting;
    this.waiting = [];
    return all;
  }

  /** When those of the reservations were submitted that were admitted just before, and not found by a sweep. */
  submissionsOf(reservations: readonly Reservation[]): number[] {
    return reservations
      .filter(({ reservedAt }) => reservedAt !== undefined)
      .map(({ sequenceNumber }) => this.held.get(sequenceNumber) as number);
  }

  /** No longer held; how many of them were. */
  done(reservations: readonly Reservation[]): number {
    const before = this.held.size;
    for (const { sequenceNumber } of reservations) this.held.delete(sequenceNumber);
    return before - this.held.size;
  }

  isIdle(): boolean {
    return this.held.size === 0;
  }
}
