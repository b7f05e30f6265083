import { describe, expect, it } from '@jest/globals';
import { assert, asyncProperty, constantFrom, nat, record } from 'fast-check';
import { SignJWT } from 'jose';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { loadConfig } from '../../src/config.js';
import type { KeySetService } from '../../src/identity/token/key-set.service.js';
import { sha256Of } from '../../src/identity/access/sha256.js';
import { TokenVerifier } from '../../src/identity/token/token-verifier.service.js';
import { Clock } from '../../src/platform/clock.js';
import { IDENTITY_BY_SECRET, TokenIssuer, unsigned } from '../support/tokens.js';
import { outcomeOf } from '../support/outcome.js';

const NO_KEY_SET = {} as KeySetService;
const { IDENTITY_SECRET: SECRET, ...OTHERS } = IDENTITY_BY_SECRET;

function verifierWith(settings: Record<string, string>, clock = new Clock()): TokenVerifier {
  const config = loadConfig({ ...process.env, NODE_ENV: 'test', ...OTHERS, ...settings });
  return new TokenVerifier(config, NO_KEY_SET, clock);
}

const bySecret = verifierWith({ IDENTITY_SECRET: SECRET });
const issuer = TokenIssuer.bySecret();
const nowInSeconds = () => Math.floor(Date.now() / 1000);

describe('a token', () => {
  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)('that is signed by the key is good, with %s', async (alg) => {
    const signer = TokenIssuer.byKey(alg);
    const verifier = verifierWith({ IDENTITY_PUBLIC_KEY: signer.publicPem });
    expect(await verifier.verify(await signer.ofUser(1042))).toMatchObject({ userId: 1042, name: 'user:1042' });
    // In a variable the lines may be parted by backslash and n.
    const inOneLine = verifierWith({ IDENTITY_PUBLIC_KEY: signer.publicPem.replaceAll('\n', '\\n') });
    expect(await inOneLine.verify(await signer.ofUser(7))).toMatchObject({ userId: 7 });
  });

  it.each([
    ['not signed, and says so', async () => unsigned({ sub: '1042' })],
    ['not signed, and says HS256', async () => unsigned({ sub: '1042' }, { alg: 'HS256' })],
    ['signed by another secret', () => TokenIssuer.bySecret('another-secret-of-32-bytes-or-more!!').ofUser(1042)],
    ['signed by a key', () => TokenIssuer.byKey('RS256').ofUser(1042)],
    ['without an end', () => issuer.ofUser(1042, { exp: undefined })],
    ['expired', () => issuer.ofUser(1042, { exp: nowInSeconds() - 60 })],
    ['not valid yet', () => issuer.ofUser(1042, { nbf: nowInSeconds() + 60 })],
    ['of another issuer', () => issuer.ofUser(1042, { iss: 'https://other.example' })],
    ['of no issuer', () => issuer.ofUser(1042, { iss: undefined })],
    ['for another audience', () => issuer.ofUser(1042, { aud: 'another' })],
    ['for no audience', () => issuer.ofUser(1042, { aud: undefined })],
    ['for several others', () => issuer.ofUser(1042, { aud: ['a', 'b'] })],
  ])('that is %s is refused', async (_name, make) => {
    expect(await outcomeOf(bySecret.verify(await make()))).toBe('UNAUTHENTICATED');
  });

  it('is good for an audience among several, and 5 s after its end', async () => {
    const now = nowInSeconds();
    expect(await outcomeOf(bySecret.verify(await issuer.ofUser(1, { aud: ['x', 'firstcome'] })))).toBe('OK');
    const token = await issuer.ofUser(1, { exp: now });
    const at = (seconds: number): Clock => ({ now: () => new Date((now + seconds) * 1000) });
    const outcomes = [4, 6].map((late) => outcomeOf(verifierWith({ IDENTITY_SECRET: SECRET }, at(late)).verify(token)));
    expect(await Promise.all(outcomes)).toEqual(['OK', 'UNAUTHENTICATED']);
  });

  it('whose algorithm is the one of a secret is refused by the key of which the secret was made', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const verifier = verifierWith({ IDENTITY_PUBLIC_KEY: pem });
    for (const secret of [pem, pem.trim(), createPublicKey(pem).export({ type: 'spki', format: 'der' })]) {
      const forged = await new SignJWT({ sub: '1042', iss: OTHERS.IDENTITY_ISSUER, aud: OTHERS.IDENTITY_AUDIENCE })
        .setProtectedHeader({ alg: 'HS256' })
        .setExpirationTime('1h')
        .sign(Buffer.from(secret));
      expect(await outcomeOf(verifier.verify(forged))).toBe('UNAUTHENTICATED');
    }
  });

  it('is another one when any character of it changes', async () => {
    const token = await issuer.ofUser(1042);
    const change = record({ at: nat(token.length - 1), to: constantFrom('A', 'b', '0', '9', '-', '_', '.') });
    await assert(
      asyncProperty(change, async ({ at, to }) => {
        const forged = token.slice(0, at) + to + token.slice(at + 1);
        const sameBytes = Buffer.from(forged.split('.')[2] ?? '', 'base64url').equals(
          Buffer.from(token.split('.')[2] ?? '', 'base64url'),
        );
        // The last character of a signature has bits that mean nothing.
        if (forged === token || (sameBytes && at > token.lastIndexOf('.'))) return;
        expect(await outcomeOf(bySecret.verify(forged))).toBe('UNAUTHENTICATED');
      }),
    );
  });
});

describe('what is remembered', () => {
  it('is forgotten when the token ends, and after five minutes', async () => {
    let now = Date.now();
    const verifier = verifierWith({ IDENTITY_SECRET: SECRET }, { now: () => new Date(now) });
    const inSeconds = Math.floor(now / 1000);
    const long = await issuer.ofUser(1, { exp: inSeconds + 3600 });
    const short = await issuer.ofUser(2, { exp: inSeconds + 60 });
    for (const token of [long, short]) {
      expect(verifier.recall(sha256Of(token))).toBeUndefined();
      await verifier.verify(token);
    }
    const seen = () => [long, short].map((token) => verifier.recall(sha256Of(token))?.userId);
    expect(seen()).toEqual([1, 2]);
    now += 70_000;
    expect(seen()).toEqual([1, undefined]);
    now += 240_000;
    expect(seen()).toEqual([undefined, undefined]);
  });
});

async function roles(claims: object): Promise<string | undefined> {
  return (await bySecret.verify(await issuer.sign({ sub: 'o', ...claims }))).role;
}

describe('the claim that names a user', () => {
  it('may be another one than sub', async () => {
    const verifier = verifierWith({ IDENTITY_SECRET: SECRET, IDENTITY_USER_ID_CLAIM: 'https://shop.example/user' });
    const token = await issuer.sign({ sub: 'auth0|x', 'https://shop.example/user': 1042, scope: 'coupon:act' });
    expect(await verifier.verify(token)).toEqual({ name: 'user:1042', userId: 1042, scopes: [] });
  });

  it('makes a service of nobody when it is there and is no user', async () => {
    const verifier = verifierWith({ IDENTITY_SECRET: SECRET, IDENTITY_USER_ID_CLAIM: 'uid' });
    const callerOf = async (claims: object) => await verifier.verify(await issuer.sign({ sub: 's', ...claims }));
    expect(await callerOf({ scope: 'coupon:act' })).toEqual({ name: 'jwt:s', scopes: ['coupon:act'] });
    expect(await callerOf({ scope: 'coupon:act', uid: 'x' })).toEqual({ name: 'jwt:s', scopes: [] });
    expect(await callerOf({ scope: 'coupon:act', uid: null })).toEqual({ name: 'jwt:s', scopes: [] });
  });

  it('has roles beside it', async () => {
    expect(await roles({ roles: ['x', 'coupon:view'] })).toBe('viewer');
    expect(await roles({ roles: ['coupon:view', 'coupon:admin'] })).toBe('admin');
    expect(await roles({ realm_access: { roles: ['coupon:operate'] } })).toBe('operator');
    expect(await roles({ roles: ['admin', 'constructor', '__proto__'] })).toBeUndefined();
    expect(await roles({ scope: 'coupon:admin' })).toBeUndefined();
    expect(await roles({ roles: 7, realm_access: null })).toBeUndefined();
  });
});
