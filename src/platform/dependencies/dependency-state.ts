import type { Logger } from '@nestjs/common';
import type { ProblemReason } from './problem-reason.js';

/** Whether a dependency does what we need of it. The log is told once when that ends, and once when it is so again. */
export class DependencyState {
  private current: ProblemReason | undefined;
  private since = 0;
  private isEnded = false;

  /** @param consequence what the problem means for callers, for the log */
  constructor(
    private readonly logger: Logger,
    private readonly consequence: string,
  ) {}

  /** What is wrong now; undefined while all is well. */
  get problem(): ProblemReason | undefined {
    return this.current;
  }

  /** @param words what the server or the driver said, for the log alone */
  fail(reason: ProblemReason, words: string): void {
    if (this.isEnded) return;
    const isBeginning = this.current === undefined;
    this.current = reason;
    if (!isBeginning) return;
    this.since = performance.now();
    this.logger.error(`unavailable: ${reason} (${words}); ${this.consequence}`);
  }

  /** All is well. Returns true when it was not so before; the log is then told `news` and how long that was. */
  recover(news: string): boolean {
    if (this.isEnded || this.current === undefined) return false;
    this.current = undefined;
    this.logger.log(`${news} after ${((performance.now() - this.since) / 1000).toFixed(1)} s`);
    return true;
  }

  /** The process ends: that its connections go with it is no problem to tell. */
  end(): void {
    this.isEnded = true;
  }
}
