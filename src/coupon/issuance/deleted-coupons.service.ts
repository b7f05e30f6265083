import { Injectable, Logger } from '@nestjs/common';
import { Outbox } from '../../events/index.js';
import { Clock } from '../../platform/clock.js';
import { isDuplicateKey } from '../../platform/database/database-errors.js';
import { couponSubject, decidedEvents } from '../coupon-events.js';
import { CouponChanges } from '../reservation/coupon-changes.service.js';
import { DefinitionCache } from '../reservation/definition-cache.js';
import { DefinitionStore } from '../reservation/definition.store.js';
import { RedisCouponStore } from '../reservation/redis-coupon.store.js';
import type { Reservation } from '../reservation/reservation.js';
import { SettlementStore } from '../reservation/settlement.store.js';
import { IssuanceRepository } from './issuance.repository.js';

const PAGE = 500;
const DETAIL = 'the coupon was deleted from the table coupons';

/**
 * Coupons that have keys in Redis and no row in MySQL any more: someone deleted it. No reservation of such a coupon can
 * be issued, so it is closed, and what is pending ends as failed. Believed when two looks in a row, that ask for the
 * row's lock, find none.
 */
@Injectable()
export class DeletedCoupons {
  private readonly logger = new Logger('Sweep');
  private missing = new Set<number>();

  constructor(
    private readonly definitions: DefinitionCache,
    private readonly definitionStore: DefinitionStore,
    private readonly store: RedisCouponStore,
    private readonly settlement: SettlementStore,
    private readonly repository: IssuanceRepository,
    private readonly changes: CouponChanges,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Looks at coupons of which a sweep found no row, and ends those of which the last look found none either. */
  async look(couponIds: readonly number[]): Promise<void> {
    const stillMissing: number[] = [];
    for (const couponId of couponIds) {
      if (await this.hasRow(couponId)) continue;
      if (this.missing.has(couponId)) await this.end(couponId);
      else stillMissing.push(couponId);
    }
    this.missing = new Set(stillMissing);
  }

  private async hasRow(couponId: number): Promise<boolean> {
    return await this.changes.run(
      couponId,
      async (manager) => (await this.repository.lockCoupon(manager, couponId)) !== undefined,
    );
  }

  private async end(couponId: number): Promise<void> {
    await this.definitionStore.close(couponId);
    this.definitions.forget(couponId);
    let failed = 0;
    for (;;) {
      const page = await this.store.pendingBetween(couponId, 0, Number.MAX_SAFE_INTEGER, PAGE);
      if (page.length === 0) break;
      failed += await this.fail(couponId, page);
      await this.settlement.discard(couponId, page);
    }
    if (!(await this.store.forget(couponId))) return;
    this.logger.warn(`coupon ${couponId} is gone from MySQL: closed; ${failed} pending reservations ended as failed`);
  }

  /** Records them, but for those that ended before; how many. */
  private async fail(couponId: number, reservations: readonly Reservation[]): Promise<number> {
    try {
      return await this.changes.run(couponId, async (manager, publish) => {
        const userIds = reservations.map(({ userId }) => userId);
        const holders = await this.repository.usersWithRow(manager, couponId, userIds);
        const failures = await this.repository.failuresOf(manager, couponId, userIds);
        const ended = new Set(failures.map(({ userId, sequenceNumber }) => `${userId}:${sequenceNumber}`));
        const open = reservations.filter(
          ({ userId, sequenceNumber }) => !holders.has(userId) && !ended.has(`${userId}:${sequenceNumber}`),
        );
        if (open.length === 0) return 0;
        const failed = open.map((each) => ({ ...each, reason: 'COUPON_DELETED' as const, detail: DETAIL }));
        const now = this.clock.now();
        await this.repository.insertFailures(manager, couponId, failed, now);
        const lastPosition = await this.outbox.nextPosition(manager, couponSubject(couponId));
        const decided = { issued: [], failed };
        await this.outbox.write(
          manager,
          publish,
          decidedEvents(couponId, decided, { lastPosition, isSoldOut: false }, now),
        );
        return open.length;
      });
    } catch (error) {
      // Another instance records the same ones, or tells of others: there is no row whose lock could keep it out.
      if (isDuplicateKey(error)) return await this.fail(couponId, reservations);
      throw error;
    }
  }
}
