import type { PoolConnection } from 'mysql2';

/**
 * Pings the connections that nobody uses, so that a server that ends idle sessions does not end theirs; see
 * {@link idleTransactionLimit}. A connection that someone has borrowed is left alone: in a transaction it is to end.
 */
export class KeepAlive {
  private readonly timer: NodeJS.Timeout;
  private readonly unanswered = new Set<PoolConnection>();

  constructor(
    private readonly unused: ReadonlySet<PoolConnection>,
    intervalMs: number,
  ) {
    this.timer = setInterval(() => this.pingAll(), intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private pingAll(): void {
    for (const connection of this.unused) {
      // A server that stands still answers none; they would pile up.
      if (this.unanswered.has(connection)) continue;
      this.unanswered.add(connection);
      // Called with an error when the connection has ended: then the pool drops it by itself.
      connection.ping(() => this.unanswered.delete(connection));
    }
  }
}
