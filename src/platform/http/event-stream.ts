import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { onceUnawaited } from './hang-up.js';

/** After which a client that lost the stream asks for it again. */
const RETRY_MS = 2000;
/** Shorter than any proxy lets a connection be idle. */
const HEARTBEAT_MS = 15_000;

/**
 * An answer of server-sent events, to be returned by a handler: so it goes through the hooks of all answers. Its connection
 * is closed with it, since Node would keep one open whose answer began before a shutdown.
 */
export class EventStream extends Readable {
  private readonly heartbeat: NodeJS.Timeout;
  private isClosed = false;

  /** @param onGone called when the client has it all, or has hung up */
  constructor(reply: FastifyReply, onGone: () => void) {
    super({ read: () => undefined });
    void reply.headers({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      connection: 'close',
    });
    this.push(`retry: ${RETRY_MS}\n`);
    this.heartbeat = setInterval(() => this.push(':\n\n'), HEARTBEAT_MS).unref();
    onceUnawaited(reply, () => {
      this.close();
      onGone();
    });
  }

  send(event: string, id: number, data: unknown): void {
    if (!this.isClosed) this.push(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Ends it when the client has read what was sent. A second time does nothing. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.heartbeat);
    this.push(null);
  }
}
