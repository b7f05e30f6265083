import { Injectable, Logger } from '@nestjs/common';
import { LedgerRepository } from '../ledger.repository.js';
import { CouponChanges } from '../reservation/coupon-changes.service.js';
import { RedisCouponStore } from '../reservation/redis-coupon.store.js';
import { SettlementStore } from '../reservation/settlement.store.js';
import { IssuanceRepository } from './issuance.repository.js';

const PAGE = 1000;
/** More are released by the sweeps that follow. */
const MAX_SUSPECTS = 5000;

/** Users who held a slot and had nothing to show for it, in an epoch of their coupon. */
interface Suspects {
  readonly epoch: number;
  readonly userIds: ReadonlySet<number>;
}

/**
 * P4: slots that are held by nobody, because the pending entry was lost with what Redis lost. They are offered again,
 * and their coupon stays open meanwhile. A reader that lags behind must not take a holder's slot: so it is believed only
 * of users whom two looks in a row find without a row while they hold the coupon's row lock.
 */
@Injectable()
export class LeakedSlots {
  private readonly logger = new Logger('Sweep');
  private readonly suspects = new Map<number, Suspects>();

  constructor(
    private readonly store: RedisCouponStore,
    private readonly settlement: SettlementStore,
    private readonly ledgerRepository: LedgerRepository,
    private readonly repository: IssuanceRepository,
    private readonly changes: CouponChanges,
  ) {}

  /** Forgets what the last look found: the counts of the coupon agree. */
  clear(couponId: number): void {
    this.suspects.delete(couponId);
  }

  /** Looks at a coupon whose counts say that slots leak, and releases what the last look found too; how many. */
  async look(couponId: number, epoch: number): Promise<number> {
    const before = this.suspects.get(couponId);
    const found = await this.withoutRowUnderLock(couponId, await this.suspectsOf(couponId));
    this.suspects.set(couponId, { epoch, userIds: new Set(found) });
    const again = before?.epoch === epoch ? found.filter((userId) => before.userIds.has(userId)) : [];
    if (again.length === 0) return 0;
    const released = (await this.settlement.releaseLeaked(couponId, epoch, again)) ?? 0;
    if (released > 0)
      this.logger.warn(`coupon ${couponId}: ${released} slots were held by nobody and are offered again`);
    return released;
  }

  private async suspectsOf(couponId: number): Promise<number[]> {
    const suspects = new Set<number>();
    let cursor = '0';
    do {
      const page = await this.store.usersPage(couponId, cursor, PAGE);
      // The pending entries first: a reservation that is confirmed in between has its row by then.
      const pending = await this.store.arePending(couponId, page.userIds);
      const confirmed = page.userIds.filter((_userId, index) => pending[index] === false);
      const holders = await this.ledgerRepository.usersWithRow(couponId, confirmed);
      for (const userId of confirmed) if (!holders.has(userId)) suspects.add(userId);
      cursor = page.cursor;
    } while (cursor !== '0' && suspects.size < MAX_SUSPECTS);
    return [...suspects].slice(0, MAX_SUSPECTS);
  }

  /** Under the lock nobody is writing rows of the coupon, and what is read is what was committed last. */
  private async withoutRowUnderLock(couponId: number, userIds: readonly number[]): Promise<number[]> {
    if (userIds.length === 0) return [];
    return await this.changes.run(couponId, async (manager) => {
      await this.repository.lockCoupon(manager, couponId);
      const holders = await this.repository.usersWithRow(manager, couponId, userIds);
      return userIds.filter((userId) => !holders.has(userId));
    });
  }
}
