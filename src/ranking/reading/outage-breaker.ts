import { Breaker } from '../../platform/breaker.js';
import { withinTimeLimit } from '../../platform/time-limit.js';

type Options = { readonly timeoutMs: number } & Pick<
  ConstructorParameters<typeof Breaker>[0],
  'retryAfterMs' | 'recovery' | 'onOpen' | 'onClose'
>;

/** Asks a server that may be away. Opens at the first failure, so that one caller pays for it and the next ones don't. */
export class OutageBreaker extends Breaker {
  private readonly timeoutMs: number;

  constructor({ timeoutMs, ...options }: Options) {
    super(options);
    this.timeoutMs = timeoutMs;
  }

  /**
   * The answer, or undefined when there is none in time, or was none lately. Never throws. When it does not count, a
   * failure does not open the breaker: what is asked may be slow where all else is well.
   */
  async ask<T>(exchange: () => Promise<T>, { counts = true } = {}): Promise<T | undefined> {
    try {
      if (counts) return await this.run(() => this.inTime(exchange));
      return this.isOpen ? undefined : await this.inTime(exchange);
    } catch {
      return undefined;
    }
  }

  private async inTime<T>(exchange: () => Promise<T>): Promise<T> {
    const { timeoutMs } = this;
    return await withinTimeLimit(exchange(), timeoutMs, () => new Error(`no answer within ${timeoutMs} ms`));
  }
}
