import type { FastifyRequest } from 'fastify';

/** What operators may do; each role may also do what those before it may. */
export const OPERATOR_ROLES = ['viewer', 'operator', 'admin'] as const;
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

/** What a service's token may be for. */
export const SCOPES = ['coupon:act', 'coupon:charge'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who makes a call, as far as it was asked. */
export interface Caller {
  /** As the trace and the limits name it: the name of a key, `user:1042`, `jwt:<sub>`. */
  readonly name: string;
  /** Whom a user's token names; undefined for services, operators and those who were not asked. */
  readonly userId?: number;
  /** Of a service's token; a user's grants none, since clients can ask for scopes. */
  readonly scopes: readonly Scope[];
  readonly role?: OperatorRole;
  /** Of a user's token, with `identity.registerOnFirstUse`: what it says of the user. Nobody has checked how it looks. */
  readonly profile?: Profile;
}

export interface Profile {
  readonly name?: string;
  readonly email?: string;
}

/** Where {@link callerOf} finds the caller; on the request, for a map of requests would cost each of them more. */
const CALLER = Symbol('caller');

interface Identified {
  [CALLER]?: Caller;
}

/** Who makes the call; undefined where nobody had to say so: the call is public, or callers are trusted. */
export function callerOf(request: FastifyRequest): Caller | undefined {
  return (request as Identified)[CALLER];
}

/** For the one who found out. */
export function setCaller(request: FastifyRequest, caller: Caller): void {
  (request as Identified)[CALLER] = caller;
}

/** Whether the caller may do what needs this role. */
export function hasRole(caller: Caller | undefined, needed: OperatorRole): boolean {
  return rank(caller?.role) >= rank(needed);
}

/** The highest of the roles; undefined without one that we know. */
export function highestRole(roles: readonly unknown[]): OperatorRole | undefined {
  return OPERATOR_ROLES.findLast((role) => roles.includes(role));
}

function rank(role: OperatorRole | undefined): number {
  return role === undefined ? -1 : OPERATOR_ROLES.indexOf(role);
}

/** The profile of a user who asks for itself, and may be registered by that; operators and services register nobody. */
export function newcomerOf(caller: Caller | undefined, userId: number): Profile | undefined {
  return caller?.userId === userId && caller.role === undefined ? caller.profile : undefined;
}
