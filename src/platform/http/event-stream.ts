import type { FastifyReply } from 'fastify';
import { onceUnawaited } from './hang-up.js';

/** After which a client that lost the stream asks for it again. */
const RETRY_MS = 2000;
/** Shorter than any proxy lets a connection be idle. */
const HEARTBEAT_MS = 15_000;

/** The one timer of many streams: one of their own for each takes memory. */
export class Heartbeat {
  private readonly streams = new Set<EventStream>();
  private timer: NodeJS.Timeout | undefined;

  add(stream: EventStream): void {
    this.streams.add(stream);
    this.timer ??= setInterval(() => this.beat(), HEARTBEAT_MS).unref();
  }

  delete(stream: EventStream): void {
    this.streams.delete(stream);
    if (this.streams.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private beat(): void {
    for (const stream of this.streams) stream.beat();
  }
}

type Chunk = { readonly done: false; readonly value: string } | { readonly done: true; readonly value: undefined };

/**
 * An answer of server-sent events. What is sent before it begins is kept for the client. To Fastify it is a web stream, of
 * which it has no more than Fastify asks for: so it goes through the hooks of all answers, and takes half of the memory that a
 * Readable took with what Nest and Fastify keep for one.
 */
export class EventStream {
  readonly locked = false;
  private reply: FastifyReply | undefined;
  private unread = `retry: ${RETRY_MS}\n`;
  private isClosed = false;
  private giveChunk: ((chunk: Chunk) => void) | undefined;

  constructor(private readonly heartbeat: Heartbeat) {}

  /**
   * Begins the answer. Its connection is closed with it, since Node would keep one open whose answer began before a shutdown.
   *
   * @param onGone called when the client has it all, or has hung up
   */
  begin(reply: FastifyReply, onGone: () => void): void {
    this.reply = reply;
    this.heartbeat.add(this);
    onceUnawaited(reply, () => {
      this.close();
      this.heartbeat.delete(this);
      onGone();
    });
    void reply
      .headers({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no', connection: 'close' })
      .send(this);
    // Also Fastify sees by it that the handler has answered.
    reply.raw.flushHeaders();
  }

  send(event: string, id: number, data: unknown): void {
    this.push(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Keeps the connection alive; but a client that has read nothing since the last time is hung up on. */
  beat(): void {
    if (this.unread === '') this.push(':\n\n');
    else this.reply?.raw.destroy();
  }

  /** Ends it when the client has read what was sent. A second time does nothing. */
  close(): void {
    this.isClosed = true;
    this.give();
  }

  getReader(): Pick<this, 'read' | 'cancel'> {
    return this;
  }

  /** Called whenever the connection has room for more. */
  async read(): Promise<Chunk> {
    return await new Promise((resolve) => {
      this.giveChunk = resolve;
      this.give();
    });
  }

  /** The client has hung up, or asked for the head alone. */
  async cancel(): Promise<void> {
    this.close();
  }

  private push(text: string): void {
    if (this.isClosed) return;
    this.unread += text;
    this.give();
  }

  private give(): void {
    const { giveChunk, unread: value } = this;
    if (giveChunk === undefined || (value === '' && !this.isClosed)) return;
    this.giveChunk = undefined;
    this.unread = '';
    giveChunk(value === '' ? { done: true, value: undefined } : { done: false, value });
  }
}
