/** Lets at most `limit` in at a time, first come, first served. It has no time limit: who waited enough gives up. */
export class Semaphore<Waiter> {
  private taken = 0;
  /** A Set keeps the order and lets go of one that gives up in constant time. */
  private readonly line = new Set<Waiter>();

  /** @param admit is called with each that gets in, who must {@link leave} */
  constructor(
    readonly limit: number,
    private readonly admit: (waiter: Waiter) => void,
  ) {}

  get inside(): number {
    return this.taken;
  }

  get waiting(): number {
    return this.line.size;
  }

  /** Admits the waiter where there is room, before this returns: whoever comes in the same tick finds the place taken. */
  enter(waiter: Waiter): void {
    if (this.taken >= this.limit) {
      this.line.add(waiter);
      return;
    }
    this.taken += 1;
    this.admit(waiter);
  }

  /** Leaves the line; does nothing for a waiter who was admitted. */
  giveUp(waiter: Waiter): void {
    this.line.delete(waiter);
  }

  /** Hands the place to the next in line, so that nobody who comes now gets in between. */
  leave(): void {
    for (const next of this.line) {
      this.line.delete(next);
      this.admit(next);
      return;
    }
    this.taken -= 1;
  }

  /** Empties the line; those who stood in it. */
  dismiss(): Waiter[] {
    const dismissed = [...this.line];
    this.line.clear();
    return dismissed;
  }
}
