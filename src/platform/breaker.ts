import { setTimeout as delay } from 'node:timers/promises';
import CircuitBreaker from 'opossum';

type Work = () => Promise<unknown>;

interface Options {
  /** Failures are counted over this time. When left out, the first one opens the breaker. */
  readonly window?: { readonly ms: number; readonly failures: number };
  /** What counts as a failure: anything unless told otherwise. */
  readonly isFailure?: (error: unknown) => boolean;
  /** After so long one call tries again; when left out, only {@link Breaker.close} and `recovery` end the outage. */
  readonly retryAfterMs?: number;
  /** Tried again and again while the breaker is open; calls `close` when the outage is over. A throw is one more try. */
  readonly recovery?: { readonly intervalMs: number; readonly attempt: (close: () => void) => Promise<void> };
  /** Told once for each outage what it began with. */
  readonly onOpen?: (reason: string) => void;
  /** Told once for each outage that it is over. */
  readonly onClose?: () => void;
}

const NEVER_MS = 2 ** 31 - 1;

/** A circuit breaker: opossum without its statistics and its time limit, which overlooks what has arrived by then. */
export class Breaker {
  protected readonly circuit: CircuitBreaker<[Work]>;
  private isEnded = false;

  constructor({ window, isFailure = () => true, retryAfterMs = NEVER_MS, recovery, onOpen, onClose }: Options) {
    this.circuit = new CircuitBreaker((work: Work) => work(), {
      timeout: false,
      ...(window ? { rollingCountTimeout: window.ms, rollingCountBuckets: 5, volumeThreshold: window.failures } : {}),
      errorThresholdPercentage: window ? 50 : 0,
      errorFilter: (error) => !isFailure(error),
      resetTimeout: retryAfterMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    });
    let reason = '';
    this.circuit.on('failure', (error) => {
      reason = error.message;
    });
    // A try in between that fails opens it again, and is no new outage.
    let isOutage = false;
    this.circuit.on('open', () => {
      if (isOutage) return;
      isOutage = true;
      onOpen?.(reason);
      if (recovery !== undefined) void this.recover(recovery);
    });
    this.circuit.on('close', () => {
      if (isOutage) onClose?.();
      isOutage = false;
    });
  }

  /** True while nothing is let through. */
  get isOpen(): boolean {
    return this.circuit.opened;
  }

  /** Does the work, and passes on what it answers or throws; @throws Error, and does nothing, while the breaker is open */
  async run<T>(work: () => Promise<T>): Promise<T> {
    return (await this.circuit.fire(work)) as T;
  }

  open(): void {
    this.circuit.open();
  }

  close(): void {
    this.circuit.close();
  }

  /** Ends the attempts to recover, with the application. */
  end(): void {
    this.isEnded = true;
  }

  private async recover({ intervalMs, attempt }: NonNullable<Options['recovery']>): Promise<void> {
    while (this.isOpen) {
      await delay(intervalMs, undefined, { ref: false });
      if (this.isEnded) return;
      // Whatever it throws, nobody is there to catch it, and the next attempt may succeed.
      await attempt(() => this.close()).catch(() => undefined);
    }
  }
}
