import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Counter } from 'prom-client';
import { LogLimit } from '../../platform/logging/log-limit.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { networkOf } from '../access/network-of.js';
import { RateLimitedError } from '../identity.errors.js';

const MAX_WRONG = 10;
const WINDOW_MS = 60_000;
/** Whoever has more networks than this to guess from guesses 256 random bits as much in vain. */
const MAX_NETWORKS = 10_000;
const LINES = { lines: 1, intervalMs: 60_000 };

interface Window {
  wrong: number;
  readonly endsAt: number;
}

/** Counts wrong keys, and slows down who sends them. A right key is never slowed: behind a balancer all may have one address. */
@Injectable()
export class WrongKeys {
  private readonly logger = new Logger('Identity');
  private readonly windows = new LRUCache<string, Window>({ max: MAX_NETWORKS });
  private readonly counted: Counter;
  private readonly lines = new LogLimit(LINES, (count) =>
    this.logger.warn(`${count} more wrong keys within a minute; firstcome_identity_wrong_keys_total has them all`),
  );

  constructor(registry: MetricsRegistry) {
    this.counted = registry.counter(
      'firstcome_identity_wrong_keys_total',
      'Calls with a key that nobody has; JSON Web Tokens are not counted.',
    );
  }

  /** @throws RateLimitedError from the eleventh wrong key of an address on, until its minute is over */
  note(address: string): void {
    this.counted.inc();
    this.lines.write(() => this.logger.warn(`a call from ${address} had a key that nobody has`));
    const now = performance.now();
    const network = networkOf(address);
    let window = this.windows.get(network);
    if (window === undefined || now >= window.endsAt) {
      window = { wrong: 0, endsAt: now + WINDOW_MS };
      this.windows.set(network, window);
    }
    window.wrong += 1;
    if (window.wrong > MAX_WRONG) {
      const seconds = Math.ceil((window.endsAt - now) / 1000);
      throw new RateLimitedError('Too many wrong keys came from this address. Try again later.', seconds);
    }
  }
}
