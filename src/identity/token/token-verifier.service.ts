import { Inject, Injectable } from '@nestjs/common';
import { createPublicKey } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose';
import { Clock } from '../../platform/clock.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { UnauthenticatedError } from '../../platform/errors/platform.errors.js';
import type { Caller } from '../access/caller.js';
import { sha256Of } from '../access/sha256.js';
import { algorithmsOf, type IdentityConfig } from '../identity.config.js';
import { callerOfClaims } from './claims.js';
import { KeySetService } from './key-set.service.js';
import { RememberedTokens } from './remembered-tokens.js';

/** What the keys of a key set may be for; a secret verifies none of these, so that a public key is never taken for one. */
const ALGORITHMS_OF_KEYS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const ALGORITHMS_OF_SECRETS = ['HS256'];
const CLOCK_TOLERANCE_S = 5;

interface Verifier {
  readonly keyOf: JWTVerifyGetKey;
  readonly algorithms: readonly string[];
}

/**
 * Says who is behind a JWT. jose verifies it: the signature by the one key, secret or key set of the configuration, which
 * fixes the algorithms, then `exp`, `nbf`, `iss` and `aud`.
 */
@Injectable()
export class TokenVerifier {
  private readonly verifier: Verifier | undefined;
  private readonly options: JWTVerifyOptions;
  private readonly userIdClaim: string;
  private readonly hasProfiles: boolean;
  private readonly remembered = new RememberedTokens();

  constructor(
    @Inject(CONFIG) { identity }: IdentityConfig,
    keySet: KeySetService,
    private readonly clock: Clock,
  ) {
    this.verifier = identity.mode === 'required' ? verifierOf(identity, keySet) : undefined;
    this.userIdClaim = identity.userIdClaim;
    this.hasProfiles = identity.registerOnFirstUse;
    this.options = {
      algorithms: [...(this.verifier?.algorithms ?? [])],
      issuer: identity.issuer ?? [],
      audience: identity.audience ?? [],
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ['exp'],
    };
  }

  /** Who is behind the token with this SHA-256, if it was verified lately; undefined says nothing. Never waits. */
  recall(sha256: string): Caller | undefined {
    return this.remembered.find(sha256, this.clock.now().getTime());
  }

  /** @throws UnauthenticatedError, IdentityUnavailableError when its key is not known and cannot be asked for */
  async verify(token: string): Promise<Caller> {
    if (this.verifier === undefined) throw new UnauthenticatedError({ isInvalid: true });
    const now = this.clock.now();
    try {
      const { payload } = await jwtVerify(token, this.verifier.keyOf, { ...this.options, currentDate: now });
      const caller = callerOfClaims(payload, this.userIdClaim, this.hasProfiles);
      this.remembered.add(sha256Of(token), caller, now.getTime(), endOf(payload));
      return caller;
    } catch (error) {
      // What is wrong with it is nobody's business, and a help for whoever forges one.
      if (error instanceof errors.JOSEError || error instanceof TypeError) {
        throw new UnauthenticatedError({ isInvalid: true });
      }
      throw error;
    }
  }
}

function verifierOf({ publicKey, secret }: IdentityConfig['identity'], keySet: KeySetService): Verifier {
  if (secret !== undefined) {
    const bytes = new TextEncoder().encode(secret);
    return { keyOf: async () => bytes, algorithms: ALGORITHMS_OF_SECRETS };
  }
  if (publicKey !== undefined) {
    const key = createPublicKey(publicKey);
    return { keyOf: async () => key, algorithms: algorithmsOf(key) };
  }
  return { keyOf: keySet.keyOf, algorithms: ALGORITHMS_OF_KEYS };
}

/** In ms since 1970; jose has seen that there is an `exp`. */
function endOf({ exp = 0 }: JWTPayload): number {
  return (exp + CLOCK_TOLERANCE_S) * 1000;
}
