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

  /** The answer, or undefined when there is none in time, or was none lately. Never throws. */
  async ask<T>(exchange: () => Promise<T>): Promise<T | undefined> {
    const { timeoutMs } = this;
    const late = () => new Error(`no answer within ${timeoutMs} ms`);
    try {
      return await this.run(() => withinTimeLimit(exchange(), timeoutMs, late));
    } catch {
      return undefined;
    }
  }
}
