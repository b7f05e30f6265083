import { Semaphore } from '../../platform/concurrency/semaphore.js';

/** Nobody left the gate in time for this caller. */
export class LockGateTimeoutError extends Error {
  override readonly name = 'LockGateTimeoutError';
}

/**
 * Lets at most `maxConcurrent` pieces of work run at once; the others wait in the order in which they came, each at
 * most `waitMs`. Without it a popular lock coupon takes every connection of the pool, and the issuer starves.
 */
export class LockGate {
  private readonly semaphore: Semaphore<() => void>;

  constructor(
    maxConcurrent: number,
    private readonly waitMs: number,
  ) {
    this.semaphore = new Semaphore(maxConcurrent, (enter) => enter());
  }

  /** Runs `work` inside; @throws LockGateTimeoutError when its turn did not come in time, and then it has not run. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = setTimeout(() => {
        this.semaphore.giveUp(enter);
        reject(new LockGateTimeoutError(`waited ${this.waitMs} ms; ${this.semaphore.limit} are inside`));
      }, this.waitMs);
      const enter = (): void => {
        clearTimeout(giveUp);
        work()
          .finally(() => this.semaphore.leave())
          .then(resolve, reject);
      };
      this.semaphore.enter(enter);
    });
  }
}
