import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { EventStream } from './event-stream.js';

/** More than a client sends ahead that means well. */
const MAX_BEGUN = 32;

const QUEUE = Symbol('unanswered requests');

type Connection = Socket & { [QUEUE]?: Queue };
type Queued = IncomingMessage & { [QUEUE]?: Queue | undefined };

/** The unanswered requests of one connection, in the order in which they came. */
class Queue {
  /** The one that came last, while there is any. */
  last: FastifyReply | undefined;
  private begun = 0;
  private readonly waiting: Array<() => void> = [];
  private isHeldBack = false;

  constructor(private readonly socket: Socket) {}

  enter(reply: FastifyReply, begin: () => void): void {
    this.last = reply;
    if (this.begun < MAX_BEGUN) {
      this.begun += 1;
      begin();
    } else {
      this.waiting.push(begin);
      this.holdBack();
    }
  }

  leave(): void {
    // Nobody is there any more to hear the others.
    if (this.socket.destroyed) this.waiting.length = 0;
    const next = this.waiting.shift();
    // Not at once: an answer that is there at once would answer the next one from within, and so on for thousands.
    if (next !== undefined) setImmediate(next);
    else this.free();
  }

  private free(): void {
    this.begun -= 1;
    if (this.begun === 0) this.last = undefined;
    if (this.isHeldBack) this.readOn();
  }

  private holdBack(): void {
    if (this.isHeldBack) return;
    this.isHeldBack = true;
    this.socket.pause();
    // Node itself resumes after each answer, for the rest of a body that nobody has read.
    this.socket.resume = () => this.socket;
  }

  private readOn(): void {
    this.isHeldBack = false;
    delete (this.socket as Partial<Socket>).resume;
    this.socket.resume();
  }
}

/**
 * Bounds what one connection may ask ahead of its answers. HTTP lets a client send thousands of requests in a row, and
 * Node begins them all: one connection took 2.4 GB of memory and 12 s of everybody's time. Here 32 of a connection are
 * begun at once; the others that were read with them wait, and nothing more is read until those have begun, too.
 */
export class UnansweredRequests {
  /** Calls `begin` when it is the request's turn. */
  enter({ raw }: FastifyRequest, reply: FastifyReply, begin: () => void): void {
    const connection: Connection = raw.socket;
    const queue = (connection[QUEUE] ??= new Queue(connection));
    (raw as Queued)[QUEUE] = queue;
    queue.enter(reply, begin);
  }

  /** For each answer, when it is known; a second time does nothing. */
  leave({ raw }: FastifyRequest, reply: FastifyReply, payload: unknown): void {
    if (isStream(payload)) reply.raw.once('close', () => this.leaveQueue(raw));
    else this.leaveQueue(raw);
  }

  /** The request that came last on the connection, while it is not answered. */
  lastOf(connection: Connection): FastifyReply | undefined {
    return connection[QUEUE]?.last;
  }

  private leaveQueue(raw: Queued): void {
    const queue = raw[QUEUE];
    raw[QUEUE] = undefined;
    queue?.leave();
  }
}

/** Whether it is sent piece by piece, so that it is not over when it is known. */
function isStream(payload: unknown): boolean {
  return [Readable, ReadableStream, EventStream].some((kind) => payload instanceof kind);
}
