import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { isDatabaseAway } from '../../platform/database/database-errors.js';
import { stackOf } from '../../platform/errors/error-text.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import type { Coupon } from '../coupon.entity.js';
import { CouponRepository } from '../coupon.repository.js';
import { LedgerRepository } from '../ledger.repository.js';
import { definitionOf, sameDefinition } from '../reservation/coupon-definition.js';
import { DefinitionPublisher } from '../reservation/definition-publisher.service.js';
import { RebuildService } from '../reservation/rebuild.service.js';
import { type RedisCoupon, RedisCouponStore } from '../reservation/redis-coupon.store.js';
import { IssuanceMetrics } from './issuance-metrics.js';
import { IssuanceQueue } from './issuance-queue.service.js';

/** Coupons looked at, and reservations read, in one exchange. */
const PAGE = 500;

/** What the sweep before saw of a coupon. */
interface Mark {
  /** The last number given out then: what is still pending up to it has been so for a whole interval. */
  readonly sequence: number;
  /** Up to which number that sweep itself issued again what it found pending. */
  readonly issuedAgainUpTo: number;
  /** Slots then held by nobody: neither pending nor issued. */
  readonly leaked: number;
  /** Rows then. Whoever has a row had their slot before it. */
  readonly issued: number;
}

/**
 * P3 and P4: brings to an end whatever a crash or an outage left half done. Looks at every coupon that has a key in
 * Redis, also paused and ended ones. Idempotent, so every instance does it.
 */
@Injectable()
export class SweepService {
  private readonly logger = new Logger('Sweep');
  private marks = new Map<number, Mark>();

  constructor(
    private readonly store: RedisCouponStore,
    private readonly coupons: CouponRepository,
    private readonly publisher: DefinitionPublisher,
    private readonly rebuilds: RebuildService,
    private readonly ledgerRepository: LedgerRepository,
    private readonly queue: IssuanceQueue,
    private readonly metrics: IssuanceMetrics,
    private readonly clock: Clock,
  ) {}

  /** One sweep over all coupons. A coupon that can't be swept does not stop the others. */
  async sweepAll(): Promise<void> {
    const couponIds = await this.store.couponsWithKeys();
    const marks = new Map<number, Mark>();
    for (let first = 0; first < couponIds.length; first += PAGE) {
      await this.sweepPage(couponIds.slice(first, first + PAGE), marks);
    }
    this.marks = marks;
  }

  /** The number up to which the last sweep went: what is pending up to it, and in nobody's hands, is overdue. */
  overdueUpTo(couponId: number): number {
    return this.marks.get(couponId)?.issuedAgainUpTo ?? 0;
  }

  private async sweepPage(couponIds: readonly number[], marks: Map<number, Mark>): Promise<void> {
    const redisCoupons = await this.store.inspectMany(couponIds);
    // After Redis: what is issued meanwhile makes fewer slots look leaked, never more.
    for (const coupon of await this.coupons.findMany(couponIds)) {
      const redisCoupon = redisCoupons.get(coupon.id);
      if (redisCoupon === undefined) continue;
      try {
        const mark = await this.sweep(coupon, redisCoupon);
        if (mark !== undefined) marks.set(coupon.id, mark);
      } catch (error) {
        if (error instanceof RedisUnavailableError || isDatabaseAway(error)) throw error;
        this.logger.error(`coupon ${coupon.id}: not swept`, stackOf(error));
      }
    }
  }

  private async sweep(coupon: Coupon, redisCoupon: RedisCoupon): Promise<Mark | undefined> {
    if (!redisCoupon.loaded || redisCoupon.definition === undefined) {
      const hasEnded = coupon.expiresAt <= this.clock.now();
      // An ended coupon is opened again only to bring its pending reservations to their end.
      if (!hasEnded || redisCoupon.pending > 0) await this.rebuilds.load(coupon.id);
      return undefined;
    }
    if (!sameDefinition(definitionOf(coupon), redisCoupon.definition)) await this.publisher.reconcile(coupon.id);

    const before = this.marks.get(coupon.id);
    if (redisCoupon.pending > 0 && before !== undefined) await this.issueAgain(coupon.id, before.sequence);

    // Each user of the set is pending or has a row; a slot of nobody, seen twice, was lost with its pending entry.
    const leaked = Math.max(0, redisCoupon.users - redisCoupon.pending - coupon.issuedQuantity);
    if (leaked > 0 && before !== undefined && before.leaked > 0)
      await this.offerLeakedSlotsAgain(coupon.id, redisCoupon);
    if (before !== undefined && before.issued > redisCoupon.users) await this.giveHoldersTheirSlots(coupon.id);
    return {
      sequence: redisCoupon.sequence ?? 0,
      issuedAgainUpTo: before?.sequence ?? 0,
      leaked,
      issued: coupon.issuedQuantity,
    };
  }

  /**
   * Redis has forgotten holders of rows: it would admit as many too many, of whom the ledger refuses each. Counts the
   * rows, before the users, for the same reason as below.
   */
  private async giveHoldersTheirSlots(couponId: number): Promise<void> {
    const rows = await this.ledgerRepository.countRows(couponId);
    const { loaded, users } = await this.store.inspect(couponId);
    if (!loaded || users >= rows) return;
    this.logger.warn(`coupon ${couponId}: ${rows - users} holders have no slot in Redis; rebuilding it`);
    await this.rebuilds.refill(couponId);
  }

  /** Counts the rows first: with a counter changed by hand, every sweep would rebuild, and so close, the coupon. */
  private async offerLeakedSlotsAgain(couponId: number, { users, pending, epoch }: RedisCoupon): Promise<void> {
    const leaked = users - pending - (await this.ledgerRepository.countRows(couponId));
    if (leaked <= 0) return;
    // Another instance may have rebuilt it while the rows were counted; once more would close it for nothing.
    if ((await this.store.inspect(couponId)).epoch !== epoch) return;
    this.logger.warn(`coupon ${couponId}: ${leaked} slots are held by nobody; rebuilding it to offer them again`);
    await this.rebuilds.refill(couponId);
  }

  private async issueAgain(couponId: number, upTo: number): Promise<void> {
    let submitted = 0;
    for (let after = 0; ;) {
      const page = await this.store.pendingBetween(couponId, after, upTo, PAGE);
      if (page.length === 0) break;
      submitted += this.queue.submit(couponId, page);
      if (this.queue.isFull) break;
      after = page.at(-1)?.sequenceNumber ?? upTo;
    }
    if (submitted === 0) return;
    this.metrics.swept.inc(submitted);
    this.logger.log(`coupon ${couponId}: ${submitted} reservations had stayed pending and are issued again`);
  }
}
