import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Action, actorOf } from '../trail/action.js';
import { ActionTrail } from '../trail/action-trail.service.js';
import type { UserAccess } from './access.decorator.js';
import type { Caller } from './caller.js';
import { mayForAnyUser } from './permissions.js';

/** Notes what operators do in the place of users, which the calls themselves know nothing of. */
@Injectable()
export class TracedCalls {
  constructor(private readonly trail: ActionTrail) {}

  /** Whether somebody changes something of a user by a role. */
  isOfAnOperator(caller: Caller, { does }: UserAccess): boolean {
    return caller.role !== undefined && does !== 'read' && mayForAnyUser({ ...caller, scopes: [] }, { does });
  }

  /** Notes that the call begins, and once it is answered how it ended. */
  async begin(request: FastifyRequest, reply: FastifyReply, caller: Caller): Promise<void> {
    const userId = userIdOf(request) ?? caller.userId;
    const action: Action = {
      actor: actorOf(request),
      action: `${request.method} ${request.routeOptions.url ?? ''}`,
      ...(userId !== undefined && { subject: `users/${userId}` }),
    };
    const id = await this.trail.begin(action);
    reply.raw.once('close', () => {
      const { statusCode } = reply.raw;
      const outcome = statusCode < 400 ? 'DONE' : statusCode < 500 ? 'REFUSED' : 'FAILED';
      void this.trail.end(id, action, { outcome, after: { status: statusCode } });
    });
  }
}

/** What it names, as far as that can be an id. */
function userIdOf({ params, query, body }: FastifyRequest): number | undefined {
  const named = [params, query, body].map((part) => (part as { userId?: unknown } | undefined)?.userId);
  const id = Number(named.find((value) => value !== undefined && value !== null));
  return Number.isSafeInteger(id) && id > 0 ? id : undefined;
}
