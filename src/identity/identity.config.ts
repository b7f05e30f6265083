import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Config } from '../platform/config/config.schema.js';
import { type DeepReadonly, onOff, oneOf, rule } from '../platform/config/settings.js';
import { OPERATOR_ROLES } from './access/caller.js';

/** Who says which user a call is for: the caller itself, or a token. */
export const IDENTITY_MODES = ['trusted-callers', 'required'] as const;
export type IdentityMode = (typeof IDENTITY_MODES)[number];

const MODE_NEEDED =
  'must be one of: "trusted-callers", where every caller says for which user it asks, so that only a gateway of yours ' +
  'may reach the API; "required", where each call about a user needs a JWT that says who asks';

const MIN_SECRET_BYTES = 32;
const SECRET_NEEDED = `must have at least ${MIN_SECRET_BYTES} bytes`;
const URL_NEEDED = 'must be the http(s) URL of a JSON Web Key Set';
const KEY_NEEDED =
  'must be a public key in PEM form (RSA of 2048 bits or more, P-256 or Ed25519), or the path of a file with one';

const jwksUrl = z.string({ error: URL_NEEDED }).refine(isHttpUrl, { error: URL_NEEDED });
const publicKey = z.string({ error: KEY_NEEDED }).transform((text, context) => {
  const key = readPublicKey(text);
  if (key !== undefined && algorithmsOf(key).length > 0) return key.export({ type: 'spki', format: 'pem' }).toString();
  context.addIssue({ code: 'custom', message: KEY_NEEDED });
  return z.NEVER;
});
const secret = z
  .string({ error: SECRET_NEEDED })
  .refine((text) => Buffer.byteLength(text) >= MIN_SECRET_BYTES, { error: SECRET_NEEDED });
const name = (what: string) => z.string({ error: `must be ${what}` }).min(1);

/** The settings under `identity`: who the users are that ask. */
export const identitySettings = z.strictObject({
  mode: z.enum(IDENTITY_MODES, { error: MODE_NEEDED }),
  /** One of these three verifies the tokens, and fixes their algorithms. */
  jwksUrl: jwksUrl.optional(),
  publicKey: publicKey.optional(),
  secret: secret.optional(),
  issuer: name('what the claim "iss" of every token says').optional(),
  audience: name('what the claim "aud" of every token has').optional(),
  userIdClaim: name('the name of a claim'),
  /** Signs the tickets that stand in URLs; the same for all instances. */
  linkSecret: secret.optional(),
  /** Whoever asks for a coupon with a token and is not registered yet is registered by that. */
  registerOnFirstUse: onOff,
});

const MIN_TOKEN_LENGTH = 32;
const MIN_TOKEN_CHARACTERS = 4;
const KEYS_NEEDED =
  'must be a list of { name, sha256, roles }, as `npm run keys -- create NAME --role ROLE` prints it, in JSON';
const KEY_NAME_NEEDED = 'must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, and not "token"';
const SHA256_NEEDED = 'must be the SHA-256 of the key in 64 hexadecimal digits';

const operatorKey = z.strictObject({
  name: z.string({ error: KEY_NAME_NEEDED }).regex(/^(?!token$)[\w.-]{1,64}$/, { error: KEY_NAME_NEEDED }),
  sha256: z
    .string({ error: SHA256_NEEDED })
    .regex(/^[\da-f]{64}$/i, { error: SHA256_NEEDED })
    .toLowerCase(),
  roles: z.array(oneOf(OPERATOR_ROLES), { error: KEYS_NEEDED }).min(1, { error: 'must have at least one role' }),
});

/** The settings under `admin`: the keys of operators. */
export const adminSettings = z.strictObject({
  /** The key of the administrator named "token". */
  token: z
    .string({ error: `must be text, in production of ${MIN_TOKEN_LENGTH} characters or more` })
    .min(1)
    .optional(),
  keys: z.preprocess(parsedJson, z.array(operatorKey, { error: KEYS_NEEDED })),
});

interface IdentitySettings {
  readonly identity: z.output<typeof identitySettings>;
  readonly admin: z.output<typeof adminSettings>;
}

export type IdentityConfig = Config & DeepReadonly<IdentitySettings>;

const VERIFIERS = ['jwksUrl', 'publicKey', 'secret'] as const;
const OF_TOKENS = [...VERIFIERS, 'issuer', 'audience'] as const;
const ONE_NEEDED = 'must be given with identity.mode "required", or else one of identity.publicKey and identity.secret';

type Rule = ReturnType<typeof rule<IdentityConfig>>;

export const identityRules: readonly Rule[] = [
  rule(['identity', 'jwksUrl'], ONE_NEEDED, ({ identity }) => {
    return identity?.mode !== 'required' || VERIFIERS.some((verifier) => identity[verifier] !== undefined);
  }),
  ...VERIFIERS.slice(1).map((verifier, index) =>
    rule<IdentityConfig>(
      ['identity', verifier],
      `must not be given together with ${VERIFIERS.slice(0, index + 1)
        .map((other) => `identity.${other}`)
        .join(' or ')}`,
      ({ identity }) =>
        identity?.[verifier] === undefined ||
        VERIFIERS.slice(0, index + 1).every((other) => identity[other] === undefined),
    ),
  ),
  ...(['issuer', 'audience'] as const).map((setting) =>
    rule<IdentityConfig>(
      ['identity', setting],
      'must be given with identity.mode "required"',
      ({ identity }) => identity?.mode !== 'required' || identity[setting] !== undefined,
    ),
  ),
  ...OF_TOKENS.map((setting) =>
    rule<IdentityConfig>(
      ['identity', setting],
      'must not be given unless identity.mode is "required": nobody would look at it',
      ({ identity }) => identity?.mode !== 'trusted-callers' || identity[setting] === undefined,
    ),
  ),
  rule(
    ['identity', 'registerOnFirstUse'],
    'must be false unless identity.mode is "required": anybody could register any id',
    ({ identity }) => identity?.mode === 'required' || identity?.registerOnFirstUse !== true,
  ),
  rule(
    ['admin', 'token'],
    `must be given in production, with at least ${MIN_TOKEN_LENGTH} characters, unless admin.keys has a key of the role admin`,
    ({ profile, admin }) =>
      profile !== 'production' || admin?.token !== undefined || (admin?.keys ?? []).some(isKeyOfAdmin),
  ),
  rule(
    ['admin', 'token'],
    `must have at least ${MIN_TOKEN_LENGTH} characters in production, ${MIN_TOKEN_CHARACTERS} of them different`,
    ({ profile, admin }) => profile !== 'production' || admin?.token === undefined || isStrong(admin.token),
  ),
  rule(['admin', 'keys'], 'must have each name and each sha256 once', ({ admin }) => {
    const keys = admin?.keys ?? [];
    return [keys.map((key) => key.name), keys.map((key) => key.sha256)].every(
      (values) => new Set(values).size === values.length,
    );
  }),
];

/** The algorithms of tokens that a public key may verify; none for a key of another kind. */
export function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] {
  const { modulusLength = 0, namedCurve } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === 'rsa' && modulusLength >= 2048) return ['RS256', 'PS256'];
  if (asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return ['ES256'];
  return asymmetricKeyType === 'ed25519' ? ['EdDSA'] : [];
}

function isKeyOfAdmin({ roles }: { readonly roles?: readonly string[] }): boolean {
  return roles?.includes('admin') ?? false;
}

function isStrong(token: string): boolean {
  return token.length >= MIN_TOKEN_LENGTH && new Set(token).size >= MIN_TOKEN_CHARACTERS;
}

/** An environment variable holds the list as JSON; what is none is left to the schema to refuse. */
function parsedJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

/** A variable can hardly have line breaks, so `\n` is one too. Undefined for what is no public key, and for a private one. */
function readPublicKey(text: string): KeyObject | undefined {
  try {
    const pem = text.includes('-----BEGIN') ? text.replaceAll(String.raw`\n`, '\n') : readFileSync(text, 'utf8');
    return pem.includes('PRIVATE KEY') ? undefined : createPublicKey(pem);
  } catch {
    return undefined;
  }
}
