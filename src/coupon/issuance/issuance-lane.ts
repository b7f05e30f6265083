import type { Reservation } from '../reservation/reservation.js';

/**
 * The reservations of one coupon that this process is about to issue, in the order in which they came. A number is held
 * from `add` to `done`, so that the sweep does not hand in what is on its way already.
 */
export class IssuanceLane {
  private waiting: Reservation[] = [];
  private readonly held = new Set<number>();
  /** Someone is taking batches from this lane. */
  running = false;

  constructor(readonly couponId: number) {}

  /** Reservations waiting for a batch. */
  get length(): number {
    return this.waiting.length;
  }

  /** False when this reservation is held already. */
  add(reservation: Reservation): boolean {
    if (this.held.has(reservation.sequenceNumber)) return false;
    this.held.add(reservation.sequenceNumber);
    this.waiting.push(reservation);
    return true;
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
