import CircuitBreaker from 'opossum';
import { withinTimeLimit } from '../../platform/time-limit.js';

interface Options {
  readonly timeoutMs: number;
  /** After so long one call tries again; when left out, only {@link OutageBreaker.close} ends the outage. */
  readonly retryAfterMs?: number;
  /** Told once for each outage what it began with. */
  readonly onOpen?: (reason: string) => void;
  /** Told once for each outage that it is over. */
  readonly onClose?: () => void;
}

type Exchange = () => Promise<unknown>;

const NEVER_MS = 2 ** 31 - 1;

/**
 * Asks a server that may be away. Opens at the first failure, so that one caller pays for it and the next ones don't.
 */
export class OutageBreaker {
  private readonly breaker: CircuitBreaker<[Exchange]>;

  constructor({ timeoutMs, retryAfterMs = NEVER_MS, onOpen, onClose }: Options) {
    const late = () => new Error(`no answer within ${timeoutMs} ms`);
    this.breaker = new CircuitBreaker((exchange: Exchange) => withinTimeLimit(exchange(), timeoutMs, late), {
      timeout: false, // ours first reads what has arrived
      errorThresholdPercentage: 0,
      resetTimeout: retryAfterMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    });
    let reason = '';
    this.breaker.on('failure', (error) => {
      reason = error.message;
    });
    // A try in between that fails opens it again, and is no new outage.
    let isOutage = false;
    this.breaker.on('open', () => {
      if (!isOutage) onOpen?.(reason);
      isOutage = true;
    });
    this.breaker.on('close', () => {
      if (isOutage) onClose?.();
      isOutage = false;
    });
  }

  get isOpen(): boolean {
    return this.breaker.opened;
  }

  /** The answer, or undefined when there is none in time, or was none lately. Never throws. */
  async ask<T>(exchange: () => Promise<T>): Promise<T | undefined> {
    try {
      return (await this.breaker.fire(exchange)) as T;
    } catch {
      return undefined;
    }
  }

  open(): void {
    this.breaker.open();
  }

  close(): void {
    this.breaker.close();
  }
}
