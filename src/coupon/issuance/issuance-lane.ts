import type { Reservation } from '../reservation/reservation.js';

/** Numbers from the first to the last one. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The reservations of one coupon that this process is about to issue, in the order in which they came. A number is held
 * from `add` to `done`, so that the sweep does not hand in what is on its way already. What the lane has no room for is
 * left pending in Redis; it remembers between which numbers.
 */
export class IssuanceLane {
  private waiting: Reservation[] = [];
  /** Sequence number → when it was submitted, by `performance.now()`. */
  private readonly held = new Map<number, number>();
  private left: NumberRange | undefined;
  /** Someone is taking batches from this lane. */
  running = false;
  /** The batch in hand failed and is tried again. */
  isRetrying = false;

  constructor(readonly couponId: number) {}

  /** Reservations waiting for a batch. */
  get length(): number {
    return this.waiting.length;
  }

  /** Reservations waiting for a batch or for the end of theirs. */
  get size(): number {
    return this.held.size;
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

  /** Some of these numbers are pending in Redis, and this process is to issue them. */
  leave({ first, last }: NumberRange): void {
    this.left = {
      first: Math.min(first, this.left?.first ?? first),
      last: Math.max(last, this.left?.last ?? last),
    };
  }

  get hasLeft(): boolean {
    return this.left !== undefined;
  }

  /** Between which numbers something was left; who takes the range leaves again what is not taken of it. */
  takeLeft(): NumberRange | undefined {
    const { left } = this;
    this.left = undefined;
    return left;
  }

  isIdle(): boolean {
    return this.held.size === 0 && this.left === undefined;
  }
}

/** From the lowest to the highest of their numbers, undefined when there are none. */
export function rangeOf(reservations: readonly Reservation[]): NumberRange | undefined {
  if (reservations.length === 0) return undefined;
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (const { sequenceNumber } of reservations) {
    first = Math.min(first, sequenceNumber);
    last = Math.max(last, sequenceNumber);
  }
  return { first, last };
}
