import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import CircuitBreaker from 'opossum';
import { isAnswerOfRedis, RedisUnavailableError } from '../../platform/redis/redis-errors.js';

/** Failures are counted over this time; short, so that the successes before a freeze are soon forgotten. */
const WINDOW_MS = 500;

interface Options {
  /** Failures in the window, or in a row, after which nothing is sent. */
  readonly failures: number;
  readonly probeIntervalMs: number;
  /** Resolves when Redis answers, and throws when it does not. */
  readonly probe: () => Promise<void>;
}

type Send = () => Promise<unknown>;

/**
 * Stops sending reserves to a Redis that does not answer: a frozen one would carry them out after their callers got
 * 503.
 */
export class ReserveBreaker {
  private readonly logger = new Logger('Reservations');
  private readonly breaker: CircuitBreaker<[Send]>;

  constructor(private readonly options: Options) {
    const { failures } = options;
    this.breaker = new CircuitBreaker((send: Send) => send(), {
      timeout: false, // the connection has one
      rollingCountTimeout: WINDOW_MS,
      rollingCountBuckets: 5,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      volumeThreshold: failures,
      errorThresholdPercentage: 50,
      resetTimeout: 2 ** 31 - 1, // closed by our own probe, so that no reservation is the guinea pig
      // A Redis that says no at once (full, read-only) collects nothing, and answers a PING: to open would only be to
      // flap.
      errorFilter: (error) => !(error instanceof RedisUnavailableError) || isAnswerOfRedis(error),
    });
    // Where few ask, time-outs come too slowly to fill the window: they count in a row, too.
    let failuresInARow = 0;
    this.breaker.on('success', () => (failuresInARow = 0));
    this.breaker.on('failure', () => {
      failuresInARow += 1;
      if (failuresInARow < failures) return;
      failuresInARow = 0;
      this.breaker.open();
    });
    this.breaker.on('open', () => void this.closeWhenRedisAnswers());
  }

  /** True while nothing is sent, because Redis did not answer lately. */
  get isOpen(): boolean {
    return this.breaker.opened;
  }

  /** Sends and passes the answer on. @throws RedisUnavailableError, and nothing is sent, while the breaker is open */
  async run<T>(send: () => Promise<T>): Promise<T> {
    if (this.isOpen) throw new RedisUnavailableError('Redis did not answer lately');
    return (await this.breaker.fire(send)) as T;
  }

  private async closeWhenRedisAnswers(): Promise<void> {
    this.logger.error('Redis does not answer: reservations are refused until it does');
    while (this.isOpen) {
      await delay(this.options.probeIntervalMs, undefined, { ref: false });
      try {
        await this.options.probe();
        this.breaker.close();
        this.logger.log('Redis answers again: reservations are admitted');
      } catch {
        // Whatever it is, nobody is there to catch it, and the next probe may succeed.
      }
    }
  }
}
