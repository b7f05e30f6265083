/** A process of the simulated world: an instance of the application, a Redis, the database server. */
export class Party {
  /** Nothing happens to it any more. */
  isDead = false;
  /** Until then everything that happens to it waits. */
  frozenUntil = 0;
  /** How far its wall clock is ahead. */
  clockOffsetMs = 0;

  constructor(readonly name: string) {}

  isFrozenAt(now: number): boolean {
    return this.frozenUntil > now;
  }
}
