import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Breaker } from '../../platform/breaker.js';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { isAnswerOfRedis, RedisUnavailableError } from '../../platform/redis/redis-errors.js';

/** Short, so that the successes before a freeze are soon forgotten. */
const WINDOW_MS = 500;

/**
 * Stops sending reserves to a Redis that does not answer: a frozen one would carry them out after their callers got 503.
 * It is closed by a probe of its own, so that no reservation has to try whether Redis answers.
 */
@Injectable()
export class ReserveBreaker extends Breaker implements OnModuleDestroy {
  constructor(
    private readonly redis: RedisConnection,
    @Inject(CONFIG) config: Config,
  ) {
    const logger = new Logger('Reservations');
    const { failures, probeIntervalMs } = config.redis.breaker;
    super({
      window: { ms: WINDOW_MS, failures },
      // A Redis that says no at once (full, read-only) collects nothing, and answers a PING: to open would be to flap.
      isFailure: (error) => error instanceof RedisUnavailableError && !isAnswerOfRedis(error),
      recovery: { intervalMs: probeIntervalMs, attempt: async (close) => await redis.ping().then(close) },
      onOpen: () => logger.error('Redis does not answer: reservations are refused until it does'),
      onClose: () => logger.log('Redis answers again: reservations are admitted'),
    });
    this.openAfterInARow(failures);
  }

  onModuleDestroy(): void {
    this.end();
  }

  /** As {@link RedisConnection.ask}; @throws RedisUnavailableError, and nothing is sent, while the breaker is open */
  async ask<T>(exchange: (client: Redis) => Promise<T>): Promise<T> {
    if (this.isOpen) throw new RedisUnavailableError('Redis did not answer lately');
    return await this.run(() => this.redis.ask(exchange));
  }

  /** Where few ask, time-outs come too slowly to fill the window: they count in a row, too. */
  private openAfterInARow(failures: number): void {
    let inARow = 0;
    this.circuit.on('success', () => (inARow = 0));
    this.circuit.on('failure', () => {
      inARow += 1;
      if (inARow < failures) return;
      inARow = 0;
      this.open();
    });
  }
}
