import type { FastifyRequest } from 'fastify';
import { callerOf } from '../access/caller.js';

/** Who has made a call of operators, for the trace of what it changes. */
export interface Actor {
  readonly name: string;
  readonly requestId: string;
}

/** What an operator changes. Neither a secret nor anything about a person may be in it, but for a user's id. */
export interface Action {
  readonly actor: Actor;
  /** What is done to what: `coupon.change`. */
  readonly action: string;
  /** The one it is done to, as the events name it: `coupons/42`. */
  readonly subject?: string;
  readonly before?: object;
  readonly after?: object;
}

/** STARTED is what a process leaves that died in between: then nobody knows. */
export const OUTCOMES = ['STARTED', 'DONE', 'REFUSED', 'FAILED'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** A name for those who ask where nobody has to say who they are. */
const ANYBODY = 'anybody';

export function actorOf(request: FastifyRequest): Actor {
  return { name: callerOf(request)?.name ?? ANYBODY, requestId: request.id };
}
