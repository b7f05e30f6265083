import { isRefusal } from './redis-errors.js';

const STEP_MS = 50;
const REFUSED_MS = 5_000;

/**
 * How long to wait before the next attempt to connect: longer with each that fails. ioredis counts anew whenever a
 * connection is open, though the server at its end may be of no use; so we count ourselves until one is.
 */
export class ReconnectDelay {
  private failures = 0;
  private isRefused = false;

  constructor(private readonly maxMs: number) {}

  /** Why the connection, or the attempt, failed. */
  failed(error: unknown): void {
    this.isRefused = isRefusal(error);
  }

  /** A server is there that does what we need. */
  succeeded(): void {
    this.failures = 0;
    this.isRefused = false;
  }

  /** Counts one attempt more; milliseconds. */
  next(): number {
    this.failures += 1;
    return this.isRefused ? REFUSED_MS : Math.min(STEP_MS * this.failures, this.maxMs);
  }
}
