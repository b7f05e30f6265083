import type { JWTPayload } from 'jose';
import { type Caller, highestRole, type OperatorRole, type Profile, SCOPES, type Scope } from '../access/caller.js';

const ROLE_OF_CLAIM: Readonly<Record<string, OperatorRole>> = {
  'coupon:view': 'viewer',
  'coupon:operate': 'operator',
  'coupon:admin': 'admin',
};

const NUMERIC = /^[+-]?\d+(\.\d*)?(e[+-]?\d+)?$/i;
const USER_ID = /^[1-9]\d{0,15}$/;
const MAX_SUBJECT_LENGTH = 100;

/**
 * Who a verified token is for.
 *
 * @param userIdClaim the claim that names a user
 * @param hasProfile whether anybody wants to know what it says of the user
 */
export function callerOfClaims(payload: JWTPayload, userIdClaim: string, hasProfile = false): Caller {
  const named = payload[userIdClaim];
  const userId = userIdOf(named);
  const role = highestRole(rolesOf(payload).map((claimed) => ROLE_OF_CLAIM[claimed]));
  const name = userId === undefined ? `jwt:${(payload.sub ?? '').slice(0, MAX_SUBJECT_LENGTH)}` : `user:${userId}`;
  return {
    name,
    ...(userId !== undefined && { userId }),
    scopes: isOfService(named, userIdClaim) ? scopesOf(payload) : [],
    ...(role !== undefined && { role }),
    ...(hasProfile && userId !== undefined && { profile: profileOf(payload) }),
  };
}

function profileOf({ name, email }: JWTPayload): Profile {
  return { ...(typeof name === 'string' && { name }), ...(typeof email === 'string' && { email }) };
}

function userIdOf(claim: unknown): number | undefined {
  const text = typeof claim === 'number' || typeof claim === 'string' ? String(claim) : '';
  const userId = USER_ID.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(userId) ? userId : undefined;
}

/**
 * A service is no user: it has no user id, or a subject that is no number. A number that is no id, or a claim of ours that
 * is something else, is a mistake of whoever gave the token out, and must not become a right to act for everybody.
 */
function isOfService(named: unknown, userIdClaim: string): boolean {
  if (named === undefined) return true;
  return userIdClaim === 'sub' && typeof named === 'string' && !NUMERIC.test(named.trim());
}

/** RFC 8693 has them in one text; some servers have a list under `scp`. */
function scopesOf({ scope, scp }: JWTPayload): Scope[] {
  const granted = new Set([scope, scp].flatMap((claim) => (typeof claim === 'string' ? claim.split(' ') : claim)));
  return SCOPES.filter((known) => granted.has(known));
}

function rolesOf({ roles, realm_access: realm }: JWTPayload): string[] {
  const ofRealm = typeof realm === 'object' && realm !== null && 'roles' in realm ? realm.roles : undefined;
  return [roles, ofRealm].flat().filter((role) => typeof role === 'string');
}
