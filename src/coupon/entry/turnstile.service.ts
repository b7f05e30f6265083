import { Inject, Injectable, Logger } from '@nestjs/common';
import { z } from 'zod';
import { KeyedGate } from '../../platform/concurrency/keyed-gate.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { messageOf } from '../../platform/errors/error-text.js';
import { LogLimit } from '../../platform/logging/log-limit.js';
import type { CouponConfig } from '../coupon.config.js';
import { EntryMetrics } from './entry-metrics.js';
import { ChallengeFailedError, ChallengeUnavailableError } from './entry.errors.js';

const TIMEOUT_MS = 2_000;
/** Connections at once; who does not come in within the time limit is told to try again. */
const MAX_CONCURRENT = 100;
const LINES = { lines: 1, intervalMs: 60_000 };

/** https://developers.cloudflare.com/turnstile/get-started/server-side-validation/ */
const verification = z.object({ success: z.boolean(), 'error-codes': z.array(z.string()).default([]) });

/** A refusal that is no fault of the user: the secret key is wrong, or Cloudflare has failed. */
const NOT_OF_USER: ReadonlySet<string> = new Set([
  'missing-input-secret',
  'invalid-input-secret',
  'bad-request',
  'internal-error',
]);

/** Asks Cloudflare whether a user has passed its challenge; a response counts once. Nobody passes while it is away. */
@Injectable()
export class Turnstile {
  private readonly logger = new Logger('Turnstile');
  private readonly gate = new KeyedGate({
    maxConcurrent: MAX_CONCURRENT,
    maxPerKey: MAX_CONCURRENT,
    waitMs: TIMEOUT_MS,
  });
  private readonly outages = new LogLimit(LINES, (count) =>
    this.logger.warn(`${count} more challenges could not be checked`),
  );
  private readonly settings: CouponConfig['entryTickets']['turnstile'];

  constructor(
    private readonly metrics: EntryMetrics,
    @Inject(CONFIG) { entryTickets }: CouponConfig,
  ) {
    this.settings = entryTickets.turnstile;
  }

  /** Resolves when the challenge was passed. @throws ChallengeFailedError, ChallengeUnavailableError */
  async verify(couponId: number, response: string): Promise<void> {
    let isPassed: boolean;
    try {
      isPassed = await this.gate.run('verify', () => this.ask(response));
    } catch (error) {
      this.metrics.challenges.inc({ result: 'unavailable' });
      this.outages.write(() => this.logger.warn(`challenges cannot be checked, answering 503: ${reasonOf(error)}`));
      throw new ChallengeUnavailableError(couponId, { cause: error });
    }
    this.metrics.challenges.inc({ result: isPassed ? 'passed' : 'refused' });
    if (!isPassed) throw new ChallengeFailedError(couponId);
  }

  private async ask(response: string): Promise<boolean> {
    const { secretKey, verifyUrl } = this.settings;
    if (secretKey === undefined) {
      throw new Error('entryTickets.turnstile.secretKey (ENTRY_TICKET_TURNSTILE_SECRET_KEY) is missing');
    }
    const answer = await fetch(verifyUrl, {
      method: 'POST',
      body: new URLSearchParams({ secret: secretKey, response }),
      redirect: 'error',
      // Of the whole answer, its body included.
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const { success, 'error-codes': codes } = verification.parse(JSON.parse(text));
    const fault = codes.find((code) => NOT_OF_USER.has(code));
    if (!success && fault !== undefined) throw new Error(fault);
    return success;
  }
}

/** What fetch says of a connection that failed stands in the cause. */
function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) return 'the answer is not what was expected';
  const { cause } = error as { cause?: unknown };
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`;
}
