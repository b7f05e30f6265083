import type { FastifyReply, FastifyRequest } from 'fastify';
import { preferredWait } from '../platform/http/prefer-header.js';
import { MAX_WAIT_S, type WaitQuery } from './coupon.schemas.js';

/** How long a caller wants to wait, and how it is heard that they have hung up. */
export interface CallerWait {
  readonly waitMs: number;
  readonly hungUp: AbortSignal;
}

/** By the query, else by the header `Prefer`, to which the answer then says what was made of it. */
export function callerWait({ wait }: WaitQuery, request: FastifyRequest, reply: FastifyReply): CallerWait {
  const hangingUp = new AbortController();
  reply.raw.once('close', () => hangingUp.abort());
  const preferred = wait === undefined ? preferredWait(request.headers['prefer']) : undefined;
  const preferredS = preferred === undefined ? undefined : Math.min(preferred, MAX_WAIT_S);
  if (preferredS !== undefined) void reply.header('preference-applied', `wait=${preferredS}`);
  return { waitMs: (wait ?? preferredS ?? 0) * 1000, hungUp: hangingUp.signal };
}
