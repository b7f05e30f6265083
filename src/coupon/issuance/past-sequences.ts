/** The last number that had been given out at some moment, by `performance.now()`. */
interface PastSequence {
  readonly at: number;
  readonly sequence: number;
}

/** More tell hardly more exactly how long a number has been given out. */
const MAX_KEPT = 16;

/**
 * Which numbers of a coupon had been given out when: pending entries carry no time. It remembers no more than it takes to
 * know which of them were given out at least `ageMs` ago.
 */
export class PastSequences {
  constructor(
    private readonly ageMs: number,
    private readonly past: readonly PastSequence[] = [],
  ) {}

  /** The last number that was given out that long ago; 0 while that is not known of any. */
  overdueUpTo(now: number): number {
    return this.past.findLast(({ at }) => at <= now - this.ageMs)?.sequence ?? 0;
  }

  /** With what is seen now. */
  and(sequence: number, now: number): PastSequences {
    const newest = this.past.at(-1);
    if (newest !== undefined && now - newest.at < this.ageMs / MAX_KEPT) return this;
    const firstOfUse = Math.max(
      0,
      this.past.findLastIndex(({ at }) => at <= now - this.ageMs),
    );
    return new PastSequences(this.ageMs, [...this.past.slice(firstOfUse), { at: now, sequence }]);
  }
}
