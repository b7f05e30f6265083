import { type PlaceGroup, SharedPlaces } from './shared-places.js';

/** Nobody left the gate in time for this caller. */
export class GateTimeoutError extends Error {
  override readonly name = 'GateTimeoutError';
}

interface GateLimits {
  /** Pieces of work at once. */
  readonly maxConcurrent: number;
  /** Of these, of one key. */
  readonly maxPerKey: number;
  readonly waitMs: number;
}

/**
 * Lets at most `maxConcurrent` pieces of work run at once, and of each key at most `maxPerKey`; the others wait, each
 * at most `waitMs`. Those of one key are served in the order in which they came, and the keys take turns: one that is
 * stuck, or has a long line, holds up no other.
 */
export class KeyedGate<Key> {
  private readonly places: SharedPlaces<() => void>;
  private readonly groups = new Map<Key, PlaceGroup<() => void>>();

  constructor(private readonly limits: GateLimits) {
    this.places = new SharedPlaces(limits.maxConcurrent, (enter) => enter());
  }

  /** Runs `work` inside; @throws GateTimeoutError when its turn did not come in time, and then it has not run. */
  run<T>(key: Key, work: () => Promise<T>): Promise<T> {
    const { waitMs } = this.limits;
    return new Promise((resolve, reject) => {
      const group = this.groupOf(key);
      const giveUp = setTimeout(() => {
        this.places.giveUp(group, enter);
        this.forgetWhenIdle(key, group);
        reject(new GateTimeoutError(`waited ${waitMs} ms; ${group.inside} of the same key are inside`));
      }, waitMs);
      const enter = (): void => {
        clearTimeout(giveUp);
        work()
          .finally(() => {
            this.places.leave(group);
            this.forgetWhenIdle(key, group);
          })
          .then(resolve, reject);
      };
      this.places.enter(group, enter);
    });
  }

  private groupOf(key: Key): PlaceGroup<() => void> {
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    const group = this.places.addGroup({ max: this.limits.maxPerKey, reserved: 0 });
    this.groups.set(key, group);
    return group;
  }

  private forgetWhenIdle(key: Key, group: PlaceGroup<() => void>): void {
    if (group.isIdle) this.groups.delete(key);
  }
}
