import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CONFIG } from '../../platform/config/config.module.js';
import { UnauthenticatedError } from '../../platform/errors/platform.errors.js';
import { pathOf } from '../../platform/errors/to-domain-error.js';
import type { IdentityConfig } from '../identity.config.js';
import { OperatorKeys } from '../key/operator-keys.service.js';
import { WrongKeys } from '../key/wrong-keys.js';
import { TokenVerifier } from '../token/token-verifier.service.js';
import { type Access, ADMIN_ONLY, PUBLIC } from './access.decorator.js';
import { type Caller, callerOf, setCaller } from './caller.js';
import { LinkTickets } from './link-tickets.service.js';
import { bindNamedUser, refuseFields, refuseRole } from './permissions.js';
import { sha256Of } from './sha256.js';
import { TracedCalls } from './traced-calls.js';

const BEARER = /^bearer +(\S+) *$/i;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;
/** Where a route that does not say who may call it is for administrators. */
const GUARDED = /^\/(?:api|coupons|coupon\.v1\.[^/]+)\//;

/** Whoever has a ticket for this very path may read there, which is all that the call does. */
const BY_TICKET: Caller = { name: 'ticket', scopes: ['coupon:act'] };

type Done = (error?: Error) => void;

/**
 * P13: finds out who asks, before the body is read, and lets only those pass who may. Refuses in the order 401, 403; what
 * is wrong with the request itself is looked at after that.
 *
 * Hooks of Fastify and no guards of Nest, which awaits each: a call by a token that was seen before never waits here.
 */
@Injectable()
export class AccessControl implements OnModuleInit {
  private readonly isRequired: boolean;

  constructor(
    @Inject(CONFIG) { identity }: IdentityConfig,
    private readonly adapterHost: HttpAdapterHost,
    private readonly keys: OperatorKeys,
    private readonly wrongKeys: WrongKeys,
    private readonly tokens: TokenVerifier,
    private readonly links: LinkTickets,
    private readonly traced: TracedCalls,
  ) {
    this.isRequired = identity.mode === 'required';
  }

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRequest', (request, _reply, done) => this.admit(request, done));
    fastify.addHook('preValidation', (request, reply, done) => this.bind(request, reply, done));
  }

  /** Whether callers of such a route say who they are: always, or only if they like. */
  private isAsked(access: Access, { headers }: FastifyRequest): boolean {
    if (access.kind === 'public') return access.knowsCallers === true && headers.authorization !== undefined;
    return access.kind === 'role' || this.isRequired;
  }

  private admit(request: FastifyRequest, done: Done): void {
    const access = accessOf(request);
    if (!this.isAsked(access, request)) return done();
    let caller: Caller | undefined;
    let credential = '';
    try {
      if (this.isByTicket(request, access)) {
        caller = BY_TICKET;
      } else {
        credential = credentialOf(request);
        // Once for both: of what a token that was seen before costs it is the most.
        const sha256 = sha256Of(credential);
        caller = this.keys.find(sha256) ?? this.recall(credential, sha256, request);
      }
      if (caller !== undefined) letIn(request, caller, access);
    } catch (error) {
      return done(forgiven(error, access));
    }
    if (caller === undefined) void settle(this.verify(credential, request, access), access, done);
    else done();
  }

  /** @throws UnauthenticatedError for a ticket that is not, or no longer, for this path */
  private isByTicket({ headers, query, url }: FastifyRequest, access: Access): boolean {
    if (access.kind !== 'user' || access.byTicket !== true || headers.authorization !== undefined) return false;
    const { ticket } = query as { ticket?: unknown };
    if (ticket === undefined) return false;
    if (typeof ticket === 'string' && this.links.isValid(ticket, pathOf(url))) return true;
    throw new UnauthenticatedError({ isInvalid: true });
  }

  /** @throws UnauthenticatedError, RateLimitedError for what is no token, and no key either */
  private recall(credential: string, sha256: string, request: FastifyRequest): Caller | undefined {
    if (!JWT.test(credential)) {
      this.wrongKeys.note(request.ip);
      throw new UnauthenticatedError({ isInvalid: true });
    }
    return this.isRequired ? this.tokens.recall(sha256) : undefined;
  }

  private async verify(credential: string, request: FastifyRequest, access: Access): Promise<void> {
    letIn(request, await this.tokens.verify(credential), access);
  }

  /** The body is known now: it must not name anybody else, or set what takes another role. */
  private bind(request: FastifyRequest, reply: FastifyReply, done: Done): void {
    const caller = callerOf(request);
    if (caller === undefined) return done();
    const access = accessOf(request);
    try {
      if (access.kind === 'role') refuseFields(request, caller, access);
      if (access.kind === 'user') bindNamedUser(request, caller, access);
    } catch (error) {
      return done(error as Error);
    }
    const isTraced = access.kind === 'user' && this.traced.isOfAnOperator(caller, access);
    if (isTraced) void settle(this.traced.begin(request, reply, caller), access, done);
    else done();
  }
}

function accessOf({ routeOptions: { config, url } }: FastifyRequest): Access {
  return config.access ?? (url !== undefined && GUARDED.test(url) ? ADMIN_ONLY : PUBLIC);
}

async function settle(work: Promise<void>, access: Access, done: Done): Promise<void> {
  let refusal: Error | undefined;
  try {
    await work;
  } catch (error) {
    refusal = forgiven(error, access);
  }
  done(refusal);
}

/** Where a credential is not needed, one that is not valid is as none. */
function forgiven(error: unknown, { kind }: Access): Error | undefined {
  return kind === 'public' && error instanceof UnauthenticatedError ? undefined : (error as Error);
}

/** @throws UnauthenticatedError without one */
function credentialOf({ headers: { authorization } }: FastifyRequest): string {
  const credential = BEARER.exec(authorization ?? '')?.[1];
  if (credential === undefined) throw new UnauthenticatedError();
  return credential;
}

/** @throws ForbiddenError */
function letIn(request: FastifyRequest, caller: Caller, access: Access): void {
  refuseRole(caller, access);
  setCaller(request, caller);
}
