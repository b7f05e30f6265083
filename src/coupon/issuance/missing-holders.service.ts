import { Injectable, Logger } from '@nestjs/common';
import { LedgerRepository } from '../ledger.repository.js';
import { RedisCouponStore } from '../reservation/redis-coupon.store.js';
import { SettlementStore } from '../reservation/settlement.store.js';

const PAGE = 1000;

/**
 * Holders of rows whom Redis does not know to hold a slot: it would admit them again, and others in their place. Their
 * reservations are confirmed once more, and their coupon stays open meanwhile.
 */
@Injectable()
export class MissingHolders {
  private readonly logger = new Logger('Sweep');

  constructor(
    private readonly store: RedisCouponStore,
    private readonly settlement: SettlementStore,
    private readonly ledgerRepository: LedgerRepository,
  ) {}

  /** Confirms them, of rows with numbers up to this one; false when the coupon was not loaded all the time. */
  async confirmUpTo(couponId: number, lastNumber: number): Promise<boolean> {
    let confirmed = 0;
    for (let after = 0; ;) {
      const rows = await this.ledgerRepository.rowsBetween(couponId, after, lastNumber, PAGE);
      if (rows.length === 0) break;
      const hold = await this.store.holdSlot(
        couponId,
        rows.map(({ userId }) => userId),
      );
      const missing = rows.filter((_row, index) => hold[index] === false);
      if (missing.length > 0 && !(await this.settlement.confirm(couponId, missing))) return false;
      confirmed += missing.length;
      after = rows.at(-1)?.sequenceNumber ?? lastNumber;
    }
    if (confirmed > 0)
      this.logger.warn(`coupon ${couponId}: ${confirmed} holders had no slot in Redis; they have it now`);
    return (await this.store.inspect(couponId)).loaded;
  }
}
