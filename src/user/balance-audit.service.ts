import { Injectable } from '@nestjs/common';
import type { AnswerOf } from '../platform/http/response-schemas.js';
import { BalanceEntryRepository } from './balance-entry.repository.js';
import type { balanceAuditResponse } from './user.responses.js';

export type BalanceAuditView = AnswerOf<typeof balanceAuditResponse>;

/** So many of the balances that differ are named. */
const MAX_DIFFERENCES = 100;

/** Compares balances with their entries. */
@Injectable()
export class BalanceAudit {
  constructor(private readonly entries: BalanceEntryRepository) {}

  /** Whether every balance is the sum of its entries, all of them at one moment. Changes nothing, and holds nobody up. */
  async audit(): Promise<BalanceAuditView> {
    const comparison = await this.entries.compare(MAX_DIFFERENCES);
    return { consistent: comparison.unexplained === 0, ...comparison };
  }
}
