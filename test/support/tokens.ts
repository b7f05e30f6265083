import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { exportJWK, type JWK, type JWTPayload, SignJWT } from 'jose';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'firstcome';
const SECRET = 'a-secret-of-the-tests-with-32-bytes-or-more';

/** The settings of an instance that asks users who they are, by tokens that {@link TokenIssuer.bySecret} signs. */
export const IDENTITY_BY_SECRET = {
  IDENTITY_MODE: 'required',
  IDENTITY_SECRET: SECRET,
  IDENTITY_ISSUER: ISSUER,
  IDENTITY_AUDIENCE: AUDIENCE,
};

/** The same for tokens signed by a key, whose public part is at this URL. */
export function identityByKeySet(url: string) {
  return {
    IDENTITY_MODE: 'required',
    IDENTITY_JWKS_URL: url,
    IDENTITY_ISSUER: ISSUER,
    IDENTITY_AUDIENCE: AUDIENCE,
  };
}

/** What a test wants to be wrong or otherwise in a token; undefined leaves the claim out. */
export type Claims = JWTPayload;

type KeyKind = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

/** Who gives out tokens: an identity provider that signs by one key. */
export class TokenIssuer {
  private constructor(
    private readonly key: KeyObject | Uint8Array,
    private readonly alg: string,
    readonly kid?: string,
  ) {}

  static bySecret(secret = SECRET): TokenIssuer {
    return new TokenIssuer(new TextEncoder().encode(secret), 'HS256');
  }

  /** By a new key. */
  static byKey(alg: KeyKind = 'RS256', kid?: string): TokenIssuer {
    return new TokenIssuer(newPrivateKey(alg), alg, kid);
  }

  /** The public key of {@link byKey}, as the key server has it. */
  async jwk(): Promise<JWK> {
    const jwk = await exportJWK(createPublicKey(this.key as KeyObject));
    return { ...jwk, alg: this.alg, use: 'sig', ...(this.kid !== undefined && { kid: this.kid }) };
  }

  get publicPem(): string {
    return createPublicKey(this.key as KeyObject)
      .export({ type: 'spki', format: 'pem' })
      .toString();
  }

  /** A token that is valid for an hour, unless the claims say otherwise. */
  async sign(claims: Claims = {}, header: { alg?: string; kid?: string } = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: ISSUER, aud: AUDIENCE, iat: now, exp: now + 3600, ...claims };
    const kid = header.kid ?? this.kid;
    return await new SignJWT(payload)
      .setProtectedHeader({ alg: header.alg ?? this.alg, ...(kid !== undefined && { kid }) })
      .sign(this.key);
  }

  /** Of a user. */
  async ofUser(userId: number, claims: Claims = {}): Promise<string> {
    return await this.sign({ sub: String(userId), ...claims });
  }

  /** Of a service with these scopes. */
  async ofService(scope: string, claims: Claims = {}): Promise<string> {
    return await this.sign({ sub: 'service-of-the-tests', scope, ...claims });
  }

  /** Of an operator with this role, such as `coupon:view`. */
  async ofOperator(role: string, claims: Claims = {}): Promise<string> {
    return await this.sign({ sub: 'operator-of-the-tests', roles: [role], ...claims });
  }
}

/** A token that nobody signed. */
export function unsigned(claims: Claims, header: object = { alg: 'none' }): string {
  const now = Math.floor(Date.now() / 1000);
  const payload = { iss: ISSUER, aud: AUDIENCE, iat: now, exp: now + 3600, ...claims };
  return `${encoded(header)}.${encoded(payload)}.`;
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function newPrivateKey(alg: KeyKind): KeyObject {
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519').privateKey;
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}
