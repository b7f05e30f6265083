import { Logger } from '@nestjs/common';
import { type CallStack, ownFrames } from './call-stack.js';

/** Reports each connection held for longer than `database.leakWarningMs`: once, and once more when it is back. */
export class LeakWatch {
  private readonly logger = new Logger('Database');

  constructor(private readonly warningMs: number) {}

  /** Begins to watch a connection that was just taken; call the result when it comes back. */
  begin(takenBy: CallStack): () => void {
    const takenAt = performance.now();
    let isReported = false;
    const timer = setTimeout(() => {
      isReported = true;
      this.logger.warn(`a connection has been held for more than ${this.warningMs} ms, taken ${ownFrames(takenBy)}`);
    }, this.warningMs).unref();
    return () => {
      clearTimeout(timer);
      if (!isReported) return;
      const ms = Math.round(performance.now() - takenAt);
      this.logger.warn(`a connection came back after ${ms} ms, taken ${ownFrames(takenBy)}`);
    };
  }
}
