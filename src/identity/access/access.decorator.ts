import { applyDecorators } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import { addToRouteConfig } from '../../platform/http/route-config.js';
import type { OperatorRole } from './caller.js';

/**
 * Who may make a call. Each route says so with one of the decorators here; of one under `/api`, `/coupons` or the RPC
 * that says nothing, only administrators are let in.
 */
export type Access = PublicAccess | UserAccess | RoleAccess;

interface PublicAccess {
  readonly kind: 'public';
  /** Whoever has a valid credential is known by it: the call shows some of them more. */
  readonly knowsCallers?: boolean;
}

/** A call about a user: what it does for the user, and where it names the user. */
export interface UserAccess {
  readonly kind: 'user';
  readonly does: 'read' | 'act' | 'charge';
  readonly namedIn: 'params' | 'query' | 'body' | 'message';
  /** A LinkTicket in the query is a credential, too. */
  readonly byTicket?: boolean;
  /** A user may make it so often only: see RateLimits. */
  readonly isLimited?: boolean;
}

export interface RoleAccess {
  readonly kind: 'role';
  readonly role: OperatorRole;
  /** What an operator may set in the body; for the rest it takes an administrator. */
  readonly fieldsOfOperators?: readonly string[];
}

export const PUBLIC: Access = { kind: 'public' };
export const ADMIN_ONLY: Access = { kind: 'role', role: 'admin' };

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

/** Answers whoever asks, whatever they say of themselves. */
export const Public = () => addToRouteConfig({ access: PUBLIC });

/**
 * A call about the user whom it names as `userId`. With `identity.mode: required` a user's token may name its own user
 * or none; a service's names any; who administers may do everything, viewers and operators may read.
 */
export const NamesUser = (
  does: UserAccess['does'],
  namedIn: UserAccess['namedIn'],
  more: Pick<UserAccess, 'byTicket' | 'isLimited'> = {},
) => applyDecorators(addToRouteConfig({ access: { kind: 'user', does, namedIn, ...more } }), ApiSecurity('user'));

/** A call of operators, for this role and those above it. */
export const NeedsRole = (role: OperatorRole, more: Pick<RoleAccess, 'fieldsOfOperators'> = {}) =>
  applyDecorators(addToRouteConfig({ access: { kind: 'role', role, ...more } }), ApiSecurity('operator', [role]));
