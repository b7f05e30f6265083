import { type PlaceGroup, SharedPlaces } from '../../platform/concurrency/shared-places.js';

/**
 * Lets at most `maxRetrying` attempts run at once that follow one that failed; the others wait in the order in which
 * they came. One vanished host can lock several coupons, and an attempt waits for such a lock with a connection in its
 * hands: without the gate the first attempts of healthy coupons would find no connection left.
 */
export class RetryGate {
  private readonly places: SharedPlaces<() => void>;
  /** The only one: all coupons stand in the same line. */
  private readonly group: PlaceGroup<() => void>;

  constructor(maxRetrying: number) {
    this.places = new SharedPlaces(maxRetrying, (enter) => enter());
    this.group = this.places.addGroup({ max: maxRetrying, reserved: 0 });
  }

  /** Runs `attempt` inside. @throws when `stop` is aborted before its turn, and then it has not run */
  async run<T>(attempt: () => Promise<T>, stop: AbortSignal): Promise<T> {
    await this.enter(stop);
    try {
      return await attempt();
    } finally {
      this.places.leave(this.group);
    }
  }

  private async enter(stop: AbortSignal): Promise<void> {
    stop.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        this.places.giveUp(this.group, enter);
        reject(stop.reason);
      };
      const enter = (): void => {
        stop.removeEventListener('abort', giveUp);
        resolve();
      };
      stop.addEventListener('abort', giveUp, { once: true });
      this.places.enter(this.group, enter);
    });
  }
}
