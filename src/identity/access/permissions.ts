import type { FastifyRequest } from 'fastify';
import { ForbiddenError, ValidationFailedError } from '../../platform/errors/platform.errors.js';
import type { Access, RoleAccess, UserAccess } from './access.decorator.js';
import { type Caller, hasRole, type Scope } from './caller.js';

/** What each kind of caller may do; the one place that decides it (P13). Nothing here looks at what a call is about. */

type Named = Readonly<Record<string, unknown>> | undefined;

/**
 * What can be said before the body is there.
 *
 * @throws ForbiddenError for a caller who may not make such a call, whatever it says
 */
export function refuseRole(caller: Caller, access: Access): void {
  if (access.kind === 'role' && !hasRole(caller, access.role)) {
    throw new ForbiddenError(`This call needs the role "${access.role}".`);
  }
  if (access.kind === 'user' && caller.userId === undefined && !mayForAnyUser(caller, access)) {
    throw new ForbiddenError(NEEDS[access.does]);
  }
  if (access.kind === 'user' && access.does === 'charge' && !mayForAnyUser(caller, access)) {
    throw new ForbiddenError(NEEDS.charge);
  }
}

const NEEDS = {
  read: 'This call needs the token of a user, the scope "coupon:act" or the role "viewer".',
  act: 'This call needs the token of a user, the scope "coupon:act" or the role "admin".',
  charge: 'This call needs the scope "coupon:charge" or the role "admin".',
} as const satisfies Record<UserAccess['does'], string>;

const SCOPE_FOR = {
  read: 'coupon:act',
  act: 'coupon:act',
  charge: 'coupon:charge',
} as const satisfies Record<UserAccess['does'], Scope>;

/** Services by their scope, and operators: all of them may read, administrators may do everything. */
export function mayForAnyUser(caller: Caller, { does }: Pick<UserAccess, 'does'>): boolean {
  return caller.scopes.includes(SCOPE_FOR[does]) || hasRole(caller, does === 'read' ? 'viewer' : 'admin');
}

/**
 * Holds a user to itself: what the call names must be the caller, wherever it stands; where it names nobody, the caller is
 * named. A service has nobody to stand for it, and names one.
 *
 * @throws ForbiddenError, ValidationFailedError
 */
export function bindNamedUser(request: FastifyRequest, caller: Caller, access: UserAccess): void {
  const named = [request.params, request.query, request.body].map((part) => namedIn(part));
  const isNamed = named.some((value) => value !== undefined && value !== null);
  if (caller.userId === undefined) {
    const mustName = access.namedIn === 'query' && caller.role === undefined;
    if (mustName && !isNamed) throw new ValidationFailedError([{ path: 'userId', message: 'must be given' }]);
    return;
  }
  if (!mayForAnyUser(caller, access)) for (const value of named) refuseOther(value, caller.userId);
  // Also one who may act for anybody: with nobody named it means itself.
  if (!isNamed) nameCaller(request, caller.userId, access);
}

/**
 * The user whom a message means, in which no user is 0.
 *
 * @param caller undefined where callers are trusted
 * @throws ForbiddenError
 */
export function userMeant(caller: Caller | undefined, named: number, does: UserAccess['does']): number {
  if (caller?.userId === undefined) return named;
  if (named === 0) return caller.userId;
  if (!mayForAnyUser(caller, { does })) refuseOther(named, caller.userId);
  return named;
}

/** @throws ForbiddenError unless nobody or the caller is named; a text is a number in a path and a query */
function refuseOther(named: unknown, userId: number): void {
  if (named === undefined || named === null || named === userId || named === String(userId)) return;
  throw new ForbiddenError(`This token is of user ${userId}: userId must be left out or be the same.`);
}

function namedIn(part: unknown): unknown {
  return typeof part === 'object' && part !== null ? (part as Named)?.['userId'] : undefined;
}

function nameCaller(request: FastifyRequest, userId: number, { namedIn: place }: UserAccess): void {
  if (place === 'query') request.query = { ...(request.query as object), userId: String(userId) };
  if (place === 'body' && (request.body === undefined || isObject(request.body))) {
    request.body = { ...request.body, userId };
  }
}

/** @throws ForbiddenError for an operator who sets what only an administrator may set */
export function refuseFields({ body }: FastifyRequest, caller: Caller, { fieldsOfOperators }: RoleAccess): void {
  if (fieldsOfOperators === undefined || hasRole(caller, 'admin') || !isObject(body)) return;
  const others = Object.keys(body).filter((field) => !fieldsOfOperators.includes(field));
  if (others.length === 0) return;
  throw new ForbiddenError(`With the role "operator" only ${fieldsOfOperators.join(', ')} may be changed.`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
