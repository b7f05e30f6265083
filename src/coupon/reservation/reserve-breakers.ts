import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Breaker } from '../../platform/breaker.js';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { isAnswerOfRedis, RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import type { RedisNode } from '../../platform/redis/redis-node.js';
import type { RedisClient } from '../../platform/redis/redis-servers.js';

/** Short, so that the successes before a freeze are soon forgotten. */
const WINDOW_MS = 500;

/**
 * Stop sending reserves to a Redis that does not answer: a frozen one would carry them out after their callers got 503.
 * Each server has a breaker of its own, so that one that is away closes no coupon of another. It is closed by a probe of
 * its own, so that no reservation has to try whether Redis answers.
 */
@Injectable()
export class ReserveBreakers implements OnModuleDestroy {
  private readonly breakers = new Map<RedisNode, ReserveBreaker>();

  constructor(
    private readonly redis: RedisConnection,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleDestroy(): void {
    for (const breaker of this.breakers.values()) breaker.end();
  }

  /** True while one of them is open. */
  get isAnyOpen(): boolean {
    return [...this.breakers.values()].some(({ isOpen }) => isOpen);
  }

  /** As {@link RedisConnection.ask}; @throws RedisUnavailableError, and nothing is sent, while the breaker is open */
  async ask<T>(key: string, exchange: (client: RedisClient) => Promise<T>): Promise<T> {
    const breaker = this.breakerOf(this.redis.nodeOf(key));
    if (breaker.isOpen) throw new RedisUnavailableError('Redis did not answer lately');
    return await breaker.run(() => this.redis.ask(key, exchange));
  }

  private breakerOf(node: RedisNode): ReserveBreaker {
    const known = this.breakers.get(node);
    if (known !== undefined) return known;
    // A new server takes the place of another one, which nobody asks any more.
    for (const [other, breaker] of this.breakers) {
      if (!other.hasLeft) continue;
      breaker.end();
      this.breakers.delete(other);
    }
    const breaker = new ReserveBreaker(node, this.config.redis.breaker);
    this.breakers.set(node, breaker);
    return breaker;
  }
}

class ReserveBreaker extends Breaker {
  constructor(node: RedisNode, { failures, probeIntervalMs }: Config['redis']['breaker']) {
    const logger = new Logger('Reservations');
    super({
      window: { ms: WINDOW_MS, failures },
      // A Redis that says no at once (full, read-only) collects nothing, and answers a PING: to open would be to flap.
      isFailure: (error) => error instanceof RedisUnavailableError && !isAnswerOfRedis(error),
      recovery: { intervalMs: probeIntervalMs, attempt: async (close) => await node.ping().then(close) },
      onOpen: () => logger.error(`${node.title} does not answer: reservations are refused until it does`),
      onClose: () => logger.log(`${node.title} answers again: reservations are admitted`),
    });
    this.openAfterInARow(failures);
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
