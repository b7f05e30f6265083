import { Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Clock } from '../clock.js';
import { TransactionRunner } from '../database/transaction-runner.js';
import { IdempotencyRepository } from './idempotency.repository.js';

/** Longer than any client goes on repeating a request. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;
/** Far below the time limit of a statement. */
const KEYS_AT_ONCE = 10_000;

/** Deletes idempotency keys that are a week old. Every instance does it; deleting twice changes nothing. */
@Injectable()
export class ForgetIdempotencyKeysJob {
  private readonly logger = new Logger('Idempotency');

  constructor(
    private readonly transactions: TransactionRunner,
    private readonly repository: IdempotencyRepository,
    private readonly clock: Clock,
  ) {}

  @Cron(CronExpression.EVERY_DAY_AT_5AM, { waitForCompletion: true })
  async run(): Promise<void> {
    try {
      this.logger.log(`forgot ${await this.forgetOld()} keys`);
    } catch (error) {
      this.logger.error(`old keys stay until tomorrow: ${String(error)}`);
    }
  }

  /** How many keys were deleted. */
  async forgetOld(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - KEPT_MS);
    let forgotten = 0;
    for (;;) {
      const deleted = await this.transactions.run((manager) =>
        this.repository.deleteBefore(manager, before, KEYS_AT_ONCE),
      );
      forgotten += deleted;
      if (deleted < KEYS_AT_ONCE) return forgotten;
    }
  }
}
