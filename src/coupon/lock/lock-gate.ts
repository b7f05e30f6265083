interface Waiter {
  readonly enter: () => void;
}

/** Nobody left the gate in time for this caller. */
export class LockGateTimeoutError extends Error {
  override readonly name = 'LockGateTimeoutError';
}

/**
 * Lets at most `maxConcurrent` pieces of work run at once; the others wait in the order in which they came, each at
 * most `waitMs`. Without it a popular lock coupon takes every connection of the pool, and the issuer starves.
 */
export class LockGate {
  private inside = 0;
  /** A Set keeps the order and lets go of one that gave up in constant time. */
  private readonly waiters = new Set<Waiter>();

  constructor(
    private readonly maxConcurrent: number,
    private readonly waitMs: number,
  ) {}

  /** Runs `work` inside; @throws LockGateTimeoutError when its turn did not come in time, and then it has not run. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    // No await when there is room: what comes in the same tick must find this place taken.
    if (this.inside < this.maxConcurrent) this.inside += 1;
    else await this.turn();
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = setTimeout(() => {
        this.waiters.delete(waiter);
        reject(new LockGateTimeoutError(`waited ${this.waitMs} ms; ${this.maxConcurrent} are inside`));
      }, this.waitMs);
      const waiter: Waiter = {
        enter: () => {
          clearTimeout(giveUp);
          resolve();
        },
      };
      this.waiters.add(waiter);
    });
  }

  /** Hands the place to the next in line, so that nobody who comes now gets in between. */
  private leave(): void {
    for (const waiter of this.waiters) {
      this.waiters.delete(waiter);
      waiter.enter();
      return;
    }
    this.inside -= 1;
  }
}
