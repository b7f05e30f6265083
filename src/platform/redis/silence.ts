import { afterTimeLimit } from '../time-limit.js';

/** A server that says nothing for so long, though asked, may be on a host that is gone: then connect anew. */
export const SILENCE_MS = 5000;

/**
 * Calls `onSilent` when a server was asked and nothing was heard of it for {@link SILENCE_MS}. In place of ioredis'
 * `socketTimeout`, which leaves a healthy server when this process stood still for so long: its timer is due before what
 * has arrived meanwhile is read.
 */
export class Silence {
  private stop: (() => void) | undefined;

  constructor(private readonly onSilent: () => void) {}

  /** The server has been asked something. */
  asked(): void {
    this.stop ??= afterTimeLimit(SILENCE_MS, () => {
      this.heard();
      this.onSilent();
    });
  }

  /** It has said something, or is not asked any more. */
  heard(): void {
    this.stop?.();
    this.stop = undefined;
  }
}
