interface Mark {
  readonly sequence: number;
  readonly at: number;
}

const MAX_MARKS = 1000;

/**
 * Tells how long a reservation has been pending, although Redis only holds its number: numbers are given out in order,
 * so a number is at least as old as the first look at which the sequence had reached it. It costs the reserve call
 * nothing. The age is short by up to the time between two looks, by more for what was pending before the first.
 */
export class PendingAge {
  private marks: Mark[] = [];
  /** At least so long after the last mark comes the next one. */
  private spacingMs = 0;

  /** At the time `at` (ms) the last number given out was `sequence`, and `lowest` the lowest one that is pending. */
  look(sequence: number, lowest: number | undefined, at: number): void {
    const last = this.marks.at(-1);
    if (last === undefined || (sequence > last.sequence && at - last.at >= this.spacingMs))
      this.marks.push({ sequence, at });
    // Of the marks below the lowest number nothing will be asked any more.
    const firstNeeded = this.marks.findIndex((mark) => mark.sequence >= (lowest ?? sequence));
    if (firstNeeded > 0) {
      this.marks.splice(0, firstNeeded);
      this.spacingMs = 0;
    }
    if (this.marks.length > MAX_MARKS) this.thinOut();
  }

  /** For an outage of hours: the marks come half as often, then and from now on. The oldest one stays. */
  private thinOut(): void {
    const lastedMs = (this.marks.at(-1)?.at ?? 0) - (this.marks[0]?.at ?? 0);
    this.marks = this.marks.filter((_mark, index) => index % 2 === 0);
    this.spacingMs = lastedMs / this.marks.length;
  }

  /** How long ago, in ms, the number was seen to be given out; 0 for a number that was not. */
  of(number: number, now: number): number {
    const mark = this.marks.find(({ sequence }) => sequence >= number);
    return mark === undefined ? 0 : Math.max(0, now - mark.at);
  }
}
