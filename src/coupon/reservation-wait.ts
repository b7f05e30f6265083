import type { FastifyReply, FastifyRequest } from 'fastify';
import { onceUnawaited } from '../platform/http/hang-up.js';
import { preferredWait } from '../platform/http/prefer-header.js';
import { MAX_WAIT_S, type WaitQuery } from './coupon.schemas.js';

/** How long a caller wants to wait. */
export interface CallerWait {
  readonly waitMs: number;
  /** Calls the listener when the caller has hung up. */
  readonly onHangUp: (listener: () => void) => void;
}

/** By the query, else by the header `Prefer`, to which the answer then says what was made of it. */
export function callerWait({ wait }: WaitQuery, request: FastifyRequest, reply: FastifyReply): CallerWait {
  const preferred = wait === undefined ? preferredWait(request.headers['prefer']) : undefined;
  const preferredS = preferred === undefined ? undefined : Math.min(preferred, MAX_WAIT_S);
  if (preferredS !== undefined) void reply.header('preference-applied', `wait=${preferredS}`);
  return { waitMs: (wait ?? preferredS ?? 0) * 1000, onHangUp: (listener) => onceUnawaited(reply, listener) };
}
