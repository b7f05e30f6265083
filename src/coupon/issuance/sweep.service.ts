import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { inParallel } from '../../platform/concurrency/in-parallel.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { isDatabaseAway } from '../../platform/database/database-errors.js';
import { stackOf } from '../../platform/errors/error-text.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { type CouponConfig, issuesHere } from '../coupon.config.js';
import type { Coupon } from '../coupon.entity.js';
import { CouponRepository } from '../coupon.repository.js';
import { LedgerRepository } from '../ledger.repository.js';
import { definitionOf, sameDefinition } from '../reservation/coupon-definition.js';
import { DefinitionPublisher } from '../reservation/definition-publisher.service.js';
import { RebuildService } from '../reservation/rebuild.service.js';
import { type RedisCoupon, RedisCouponStore } from '../reservation/redis-coupon.store.js';
import { DeletedCoupons } from './deleted-coupons.service.js';
import { IssuanceMetrics } from './issuance-metrics.js';
import { IssuanceQueue } from './issuance-queue.service.js';
import { IssuanceRepository } from './issuance.repository.js';
import { LeakedSlots } from './leaked-slots.service.js';
import { MissingHolders } from './missing-holders.service.js';
import { PastSequences } from './past-sequences.js';

/** Coupons looked at, and reservations read, in one exchange. */
const PAGE = 500;
/** Coupons swept at once: one whose row is locked takes as long as MySQL lets it wait. */
const MAX_AT_ONCE = 4;

/** What the sweep before saw of a coupon. */
interface Mark {
  /** The last numbers given out then, and before: what is still pending up to them has been so for as long. */
  readonly sequences: PastSequences;
  /** Up to which number that sweep itself issued again what it found pending. */
  readonly issuedAgainUpTo: number;
  /** Rows then. Whoever has a row had their slot before it. */
  readonly issued: number;
}

/** A coupon as both sides have it; Redis was asked first. */
interface BothSides {
  readonly coupon: Coupon;
  readonly redisCoupon: RedisCoupon;
  /** The greatest number in the ledger. */
  readonly greatestNumber: number;
}

/**
 * P3 and P4: brings to an end whatever a crash or an outage left half done. Looks at every coupon that has a key in
 * Redis, also paused and ended ones, and loads every one that should have keys and has none. Idempotent, so every
 * instance does it.
 */
@Injectable()
export class SweepService {
  private readonly logger = new Logger('Sweep');
  private marks = new Map<number, Mark>();
  /** Who issues by Kafka leaves alone what may be on its way there; else everything is in somebody's hands at once. */
  private readonly leftAloneMs: number;
  private readonly issues: boolean;

  constructor(
    private readonly store: RedisCouponStore,
    private readonly coupons: CouponRepository,
    private readonly publisher: DefinitionPublisher,
    private readonly rebuilds: RebuildService,
    private readonly ledgerRepository: LedgerRepository,
    private readonly issuanceRepository: IssuanceRepository,
    private readonly queue: IssuanceQueue,
    private readonly leakedSlots: LeakedSlots,
    private readonly missingHolders: MissingHolders,
    private readonly deletedCoupons: DeletedCoupons,
    private readonly metrics: IssuanceMetrics,
    private readonly clock: Clock,
    @Inject(CONFIG) config: CouponConfig,
  ) {
    this.leftAloneMs = config.coupon.issuance.transport === 'kafka' ? config.kafka.sweepAfterMs : 0;
    this.issues = issuesHere(config);
  }

  /** One sweep over all coupons. A coupon that can't be swept does not stop the others. */
  async sweepAll(): Promise<void> {
    const withKeys = await this.store.couponsWithKeys();
    const couponIds = [...new Set([...withKeys, ...(await this.coupons.idsToReserve(this.clock.now()))])];
    const marks = new Map<number, Mark>();
    const withoutRow: number[] = [];
    for (let first = 0; first < couponIds.length; first += PAGE) {
      withoutRow.push(...(await this.sweepPage(couponIds.slice(first, first + PAGE), marks)));
    }
    this.marks = marks;
    await this.deletedCoupons.look(withoutRow);
  }

  /** The number up to which the last sweep went: what is pending up to it, and in nobody's hands, is overdue. */
  overdueUpTo(couponId: number): number {
    return this.marks.get(couponId)?.issuedAgainUpTo ?? 0;
  }

  /** Sweeps those that have a row in MySQL; the others. */
  private async sweepPage(couponIds: readonly number[], marks: Map<number, Mark>): Promise<number[]> {
    const redisCoupons = await this.store.inspectMany(couponIds);
    // After Redis: what is issued meanwhile makes fewer slots look leaked, never more.
    const coupons = await this.coupons.findMany(couponIds);
    const greatestNumbers = await this.ledgerRepository.greatestNumbers(couponIds);
    const serversAway = new Set<unknown>();
    await inParallel(coupons, MAX_AT_ONCE, async (coupon) => {
      const redisCoupon = redisCoupons.get(coupon.id);
      const server = this.store.serverOf(coupon.id);
      if (redisCoupon === undefined || serversAway.has(server)) {
        this.keepMark(coupon.id, marks);
        return;
      }
      try {
        const mark = await this.sweep({
          coupon,
          redisCoupon,
          greatestNumber: greatestNumbers.get(coupon.id) ?? 0,
        });
        if (mark !== undefined) marks.set(coupon.id, mark);
      } catch (error) {
        if (isDatabaseAway(error)) throw error;
        if (error instanceof RedisUnavailableError) {
          // This concerns no coupon of another server.
          serversAway.add(server);
          this.keepMark(coupon.id, marks);
          return;
        }
        this.logger.error(`coupon ${coupon.id}: not swept`, stackOf(error));
      }
    });
    const found = new Set(coupons.map(({ id }) => id));
    return couponIds.filter((couponId) => !found.has(couponId));
  }

  /** What was pending then is pending still, as long as nobody could look. */
  private keepMark(couponId: number, marks: Map<number, Mark>): void {
    const before = this.marks.get(couponId);
    if (before !== undefined) marks.set(couponId, before);
  }

  private async sweep({ coupon, redisCoupon, greatestNumber }: BothSides): Promise<Mark | undefined> {
    if (!redisCoupon.loaded || redisCoupon.definition === undefined) {
      const hasEnded = coupon.expiresAt <= this.clock.now();
      // An ended coupon is opened again only to bring its pending reservations to their end.
      if (!hasEnded || redisCoupon.pending > 0) await this.rebuilds.load(coupon.id);
      return undefined;
    }
    if (await this.isBehind(coupon.id, redisCoupon, greatestNumber)) {
      await this.rebuilds.refill(coupon.id);
      return undefined;
    }
    if (!sameDefinition(definitionOf(coupon), redisCoupon.definition)) await this.publisher.reconcile(coupon.id);

    const before = this.marks.get(coupon.id);
    const now = performance.now();
    const overdueUpTo = this.issues ? (before?.sequences.overdueUpTo(now) ?? 0) : 0;
    if (redisCoupon.pending > 0) await this.issueAgain(coupon.id, overdueUpTo);
    await this.offerLeakedSlotsAgain(coupon, redisCoupon);
    await this.giveHoldersTheirSlots(coupon, redisCoupon, before);
    return {
      sequences: (before?.sequences ?? new PastSequences(this.leftAloneMs)).and(redisCoupon.sequence ?? 0, now),
      issuedAgainUpTo: overdueUpTo,
      issued: coupon.issuedQuantity,
    };
  }

  /** P5: the ledger knows a number that the sequence has not reached. Redis is asked again, since it was asked first. */
  private async isBehind(couponId: number, { sequence = 0 }: RedisCoupon, greatestNumber: number): Promise<boolean> {
    if (sequence >= greatestNumber) return false;
    const now = await this.store.inspect(couponId);
    if (!now.loaded || (now.sequence ?? 0) >= greatestNumber) return false;
    this.logger.warn(`coupon ${couponId}: number ${greatestNumber} was given out, but Redis is at ${now.sequence}`);
    return true;
  }

  /** Each user of the set is pending or has a row; a slot of nobody was lost with its pending entry. */
  private async offerLeakedSlotsAgain({ id: couponId, issuedQuantity }: Coupon, redisCoupon: RedisCoupon) {
    const { users, pending, epoch } = redisCoupon;
    const mayLeak = users - pending > issuedQuantity;
    // The rows too: with a counter changed by hand every sweep would read all users.
    if (mayLeak && epoch !== undefined && users - pending > (await this.ledgerRepository.countRows(couponId)))
      await this.leakedSlots.look(couponId, epoch);
    else this.leakedSlots.clear(couponId);
  }

  /**
   * Redis would admit as many too many as there are holders that it does not know, of whom the ledger refuses each. It
   * can have missed those whose rows were written after a rebuild had read past them, and it can have forgotten any.
   */
  private async giveHoldersTheirSlots(coupon: Coupon, { users }: RedisCoupon, before: Mark | undefined): Promise<void> {
    const { id: couponId, epoch, sequenceBase, lateQuantity } = coupon;
    const hasForgotten = before !== undefined && before.issued > users;
    if (hasForgotten && (await this.ledgerRepository.countRows(couponId)) > users) {
      await this.missingHolders.confirmUpTo(couponId, Number.MAX_SAFE_INTEGER);
    } else if (lateQuantity > 0 && (await this.missingHolders.confirmUpTo(couponId, sequenceBase))) {
      await this.issuanceRepository.lateRowsAreKnown(couponId, epoch, lateQuantity);
    }
  }

  /** What the queue has no room for now it fetches by itself, without waiting for the next sweep. */
  private async issueAgain(couponId: number, upTo: number): Promise<void> {
    let submitted = 0;
    for (let after = 0; after < upTo;) {
      if (!this.queue.hasRoomFor(couponId)) {
        this.queue.issueLater(couponId, { first: after + 1, last: upTo });
        break;
      }
      const page = await this.store.pendingBetween(couponId, after, upTo, PAGE);
      submitted += this.queue.submit(couponId, page);
      after = page.at(-1)?.sequenceNumber ?? upTo;
    }
    if (submitted === 0) return;
    this.metrics.swept.inc(submitted);
    this.logger.log(`coupon ${couponId}: ${submitted} reservations had stayed pending and are issued again`);
  }
}
