import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { CONFIG } from '../../platform/config/config.module.js';
import { DependencyState } from '../../platform/dependencies/dependency-state.js';
import type { ProblemReason } from '../../platform/dependencies/problem-reason.js';
import { messageOf } from '../../platform/errors/error-text.js';
import { IdentityUnavailableError } from '../../platform/errors/platform.errors.js';
import { Intervals } from '../../platform/scheduling/intervals.js';
import type { IdentityConfig } from '../identity.config.js';

const TIMEOUT_MS = 2_000;
const RELOAD_INTERVAL_MS = 600_000;
/** After a look for a key that the key server does not have either. */
const COOL_DOWN_MS = 30_000;
const COOL_DOWN_AFTER_FAILURE_MS = 5_000;

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/**
 * The keys of `identity.jwksUrl`. They never expire here, so that tokens by known keys are verified however long the key
 * server is away; it is asked every ten minutes, and when a token names a key that is not known. jose would begin its
 * cool-down with every fetch: a key that is new just then would be unknown for half a minute. So it does not decide when
 * to ask, this class does: only a look for an unknown key begins one.
 */
@Injectable()
export class KeySetService implements OnModuleInit, OnApplicationShutdown {
  private readonly state = new DependencyState(
    new Logger('Identity'),
    'tokens by keys that are known are verified as before, those by others hear 503',
  );
  private readonly keySet: KeySet | undefined;
  /** On the clock of `performance`, which nobody sets. */
  private nextLookAt = 0;
  private nextTryAt = 0;

  constructor(
    @Inject(CONFIG) { identity }: IdentityConfig,
    private readonly intervals: Intervals,
  ) {
    if (identity.jwksUrl === undefined) return;
    this.keySet = createRemoteJWKSet(new URL(identity.jwksUrl), {
      cacheMaxAge: Number.POSITIVE_INFINITY,
      cooldownDuration: Number.POSITIVE_INFINITY,
      timeoutDuration: TIMEOUT_MS,
    });
  }

  /** Whether there is a key server to ask. */
  get isUsed(): boolean {
    return this.keySet !== undefined;
  }

  /** Why the key server could not be asked the last time; undefined when it could. */
  get problem(): ProblemReason | undefined {
    return this.state.problem;
  }

  onApplicationShutdown(): void {
    this.state.end();
  }

  onModuleInit(): void {
    if (!this.isUsed) return;
    // Nobody waits for the first time: until then who has a token hears 503.
    this.intervals.every('reload-identity-keys', RELOAD_INTERVAL_MS, () => this.tryReload());
    this.intervals.every('retry-identity-keys', COOL_DOWN_AFTER_FAILURE_MS, () => this.retry(), { atOnce: true });
  }

  /**
   * The key by which a token says it is signed.
   *
   * @throws IdentityUnavailableError when the key is not known and the key server cannot be asked, and JWKSNoMatchingKey
   *   when it does not know the key either
   */
  readonly keyOf: JWTVerifyGetKey = async (header, token) => {
    const keySet = this.require();
    // Without any keys jose would ask the server by itself, and again for every token.
    if (keySet.jwks() === undefined) await this.reload();
    try {
      return await keySet(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !(await this.hasLookedFor())) throw error;
      return await keySet(header, token);
    }
  };

  /** Asks for keys that are not known, unless that was done just now. */
  private async hasLookedFor(): Promise<boolean> {
    const isCoolingDown = this.problem === undefined && performance.now() < this.nextLookAt;
    if (isCoolingDown && !this.require().reloading) return false;
    await this.reload();
    this.nextLookAt = performance.now() + COOL_DOWN_MS;
    return true;
  }

  private async retry(): Promise<void> {
    if (this.require().jwks() === undefined || this.problem !== undefined) await this.tryReload();
  }

  private async tryReload(): Promise<void> {
    try {
      await this.reload();
    } catch (error) {
      if (!(error instanceof IdentityUnavailableError)) throw error;
    }
  }

  /** Those who come while it is asked wait for the same answer. */
  private async reload(): Promise<void> {
    const keySet = this.require();
    if (!keySet.reloading && performance.now() < this.nextTryAt) throw new IdentityUnavailableError();
    try {
      await keySet.reload();
    } catch (error) {
      this.noteFailure(error);
      throw new IdentityUnavailableError({ cause: error });
    }
    this.state.recover('the key server answers');
    this.nextTryAt = 0;
  }

  private noteFailure(error: unknown): void {
    this.state.fail(error instanceof errors.JWKSTimeout ? 'TIMEOUT' : 'UNREACHABLE', why(error));
    this.nextTryAt = performance.now() + COOL_DOWN_AFTER_FAILURE_MS;
  }

  private require(): KeySet {
    if (this.keySet === undefined) throw new Error('identity.jwksUrl is not set');
    return this.keySet;
  }
}

/** fetch itself only says that it failed. */
function why(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : `${messageOf(error)} (${messageOf(cause)})`;
}
