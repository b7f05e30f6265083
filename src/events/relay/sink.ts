import type { EntityManager } from 'typeorm';
import type { CloudEvent } from '../cloud-event.js';
import type { ToldEvent } from '../told-event.js';

/** What a dispatcher goes by when it asks who wants an event. */
export type EventHead = Pick<ToldEvent, 'subject' | 'position' | 'type' | 'couponId'>;

export const SINK_KINDS = ['webhook', 'kafka'] as const;
export type SinkKind = (typeof SINK_KINDS)[number];

/** How sending ended. Of several events: all of them, or none for sure. */
export interface SendResult {
  readonly isDelivered: boolean;
  /** Of an answer by HTTP. */
  readonly responseStatus: number | null;
  /** Why not, in words for an operator; null when it was delivered. */
  readonly error: string | null;
}

/** Somewhere that events are told. It is read anew again and again: what it says of itself holds for the moment. */
export interface Sink {
  readonly kind: SinkKind;
  /** Names it in the tables: `webhook:7`. At most 32 characters, and never given to another. */
  readonly key: string;
  /** False: what it wants is kept for it, as long as the outbox is, and nothing is sent. */
  readonly isActive: boolean;
  /** So many events, each of another subject, go into one `send` at most. */
  readonly maxBatch: number;
  /** So many calls of `send` may be under way at once, never two of one subject. */
  readonly maxConcurrent: number;

  wants(event: EventHead): boolean;

  /** Never throws. Ends soon when `over` is aborted: then the result goes unheard. */
  send(events: readonly CloudEvent[], over: AbortSignal): Promise<SendResult>;

  /** Ends the attempts, after three days without success; a sink without this is tried for ever. */
  disable?(manager: EntityManager): Promise<void>;
}
