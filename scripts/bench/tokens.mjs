/** Tokens for the cases in which callers say who they are: signed by RS256, as identity providers do by default. */
import { SignJWT } from 'jose';
import { generateKeyPairSync, randomUUID } from 'node:crypto';

const ISSUER = 'https://bench.example';
const AUDIENCE = 'firstcome';
/** More would wait in Node's thread pool. */
const AT_ONCE = 64;

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** The settings of an app that verifies these tokens. */
export const IDENTITY = {
  IDENTITY_MODE: 'required',
  IDENTITY_PUBLIC_KEY: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  IDENTITY_ISSUER: ISSUER,
  IDENTITY_AUDIENCE: AUDIENCE,
};

/** Of a service, which may ask for any user; each is another one. */
export async function newToken() {
  return await new SignJWT({ sub: 'bench', scope: 'coupon:act', jti: randomUUID() })
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);
}

/** @param {number} count */
export async function newTokens(count) {
  /** @type {string[]} */
  const tokens = [];
  const sign = async () => {
    while (tokens.length < count) tokens.push(await newToken());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sign));
  return tokens;
}
