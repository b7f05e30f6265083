import { Injectable } from '@nestjs/common';
import { ActionTrail, type Actor } from '../identity/index.js';
import { Clock } from '../platform/clock.js';
import { SHARED } from '../platform/database/pool/connection-class.js';
import { pageOf } from '../platform/http/page.js';
import type { AnswerOf } from '../platform/http/response-schemas.js';
import { IdempotencyService } from '../platform/idempotency/idempotency.service.js';
import { RedisUnavailableError } from '../platform/redis/redis-errors.js';
import { couponSubject } from './coupon-events.js';
import { couponView, type CouponView, reservedQuantityOf } from './coupon-view.js';
import type { Coupon } from './coupon.entity.js';
import { CouponNotFoundError } from './coupon.errors.js';
import { CouponRepository, type NewCoupon } from './coupon.repository.js';
import type { couponResponse } from './coupon.responses.js';
import { assertTerms, type CouponDraft, type CouponPatch, type Page } from './coupon.schemas.js';
import { type Applied, IssuedUseBy } from './issued-use-by.service.js';
import { assertNoTighter } from './usage-terms.schemas.js';
import { EntryRules } from './entry/entry-rules.service.js';
import { definitionOf } from './reservation/coupon-definition.js';
import { CouponDefinitionService } from './reservation/coupon-definition.service.js';
import { DefinitionCache } from './reservation/definition-cache.js';
import { RebuildService } from './reservation/rebuild.service.js';
import { type RedisCoupon, RedisCouponStore } from './reservation/redis-coupon.store.js';

/** A page of coupons; `nextCursor` is null on the last one. */
export interface CouponPage {
  readonly coupons: CouponView[];
  readonly nextCursor: string | null;
}

/** A new coupon. Its times are text, since the answer is stored under the idempotency key. */
export type CreatedCoupon = AnswerOf<typeof couponResponse>;

/** A coupon after a change, and how far that has come with what is issued already, where it was to be applied to it. */
export type ChangedCoupon = CouponView & Partial<Applied>;

/** Creates, shows and changes coupons. */
@Injectable()
export class CouponService {
  constructor(
    private readonly coupons: CouponRepository,
    private readonly definitions: CouponDefinitionService,
    private readonly definitionCache: DefinitionCache,
    private readonly entryRules: EntryRules,
    private readonly issuedUseBy: IssuedUseBy,
    private readonly rebuilds: RebuildService,
    private readonly store: RedisCouponStore,
    private readonly idempotency: IdempotencyService,
    private readonly trail: ActionTrail,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates the coupon, once for each idempotency key of the actor, and loads it into Redis so that the first reservation
   * finds it there, at whichever instance. With Redis away it is created all the same, and loaded when Redis is back.
   *
   * @throws IdempotencyKeyReusedError, IdempotencyInProgressError, ValidationFailedError for terms of entry that the
   *   settings do not allow
   */
  async create(draft: CouponDraft, actor: Actor, key?: string): Promise<CreatedCoupon> {
    this.entryRules.assertKeepable(draft);
    const request = { operation: 'create-coupon', owner: actor.name, key, request: draft, connections: SHARED };
    const created = await this.idempotency.run(request, async (manager, publish) => {
      const now = this.clock.now();
      const coupon = newCoupon(draft, now);
      const id = await this.coupons.insert(manager, coupon);
      const subject = couponSubject(id);
      await this.trail.record(manager, publish, { actor, action: 'coupon.create', subject, after: draft });
      return createdCoupon(couponView({ ...coupon, ...UNTOUCHED, id }, 0, now));
    });
    // Also for a request that comes again: the process may have ended before it was loaded.
    if (draft.strategy === 'reservation') await this.rebuilds.loadOrAwait(created.couponId);
    const redisCoupons = await this.redisCouponsOf([{ id: created.couponId, strategy: draft.strategy }]);
    return redisCoupons === undefined ? { ...created, reservedQuantity: null } : created;
  }

  /** Creates the coupon under a given id; false, and nothing changes, when there is one already. */
  async createMissing(couponId: number, draft: CouponDraft): Promise<boolean> {
    const isNew = await this.coupons.insertAs(couponId, newCoupon(draft, this.clock.now()));
    if (isNew && draft.strategy === 'reservation') await this.rebuilds.loadOrAwait(couponId);
    return isNew;
  }

  /**
   * Coupons, the newest first, as in every other list. A coupon that is created meanwhile comes before the pages that
   * are still to be read and shifts none of them.
   */
  async list({ cursor, limit }: Page): Promise<CouponPage> {
    const found = await this.coupons.findPage({ cursor, limit: limit + 1 });
    const { page, nextCursor } = pageOf(found, limit, ({ createdAt, id }) => [createdAt.getTime(), id]);
    return { coupons: await this.viewsOf(page), nextCursor };
  }

  /** The coupons as they are now, in the same order. */
  async viewsOf(coupons: readonly Coupon[]): Promise<CouponView[]> {
    const redisCoupons = await this.redisCouponsOf(coupons);
    const now = this.clock.now();
    return coupons.map((coupon) =>
      couponView(coupon, reservedQuantityOf(coupon, redisCoupons?.get(coupon.id), now), now),
    );
  }

  /** @throws CouponNotFoundError */
  async get(couponId: number): Promise<CouponView> {
    return await this.view(await this.stored(couponId));
  }

  /** The coupon as MySQL has it, without a word from Redis. @throws CouponNotFoundError */
  async stored(couponId: number): Promise<Coupon> {
    const coupon = await this.coupons.find(couponId);
    if (coupon === null) throw new CouponNotFoundError(couponId);
    return coupon;
  }

  /**
   * Changes the definition; this instance sees it at once, every other one within a second.
   *
   * @throws CouponNotFoundError, ValidationFailedError when the window would end before it starts or spending before
   *   the window, for terms of entry that the settings do not allow, and when something would be taken from people
   *   without `applyToIssued` (P14),
   *   QuantityBelowCommittedError when there would be fewer slots than what is issued and reserved
   */
  async change(couponId: number, { applyToIssued, ...change }: CouponPatch, actor: Actor): Promise<ChangedCoupon> {
    this.entryRules.assertKeepable(change);
    const coupon = await this.definitions.change(couponId, change, actor, (after, before) => {
      assertTerms(after, change);
      if (applyToIssued !== true) assertNoTighter(before, after);
    });
    this.definitionCache.remember(definitionOf(coupon));
    // First the definition: what is issued from now on has the new use-by time, so no row is missed.
    const applied = applyToIssued === true ? await this.issuedUseBy.apply(couponId, actor) : {};
    return { ...(await this.view(coupon)), ...applied };
  }

  private async view(coupon: Coupon): Promise<CouponView> {
    const redisCoupons = await this.redisCouponsOf([coupon]);
    const now = this.clock.now();
    return couponView(coupon, reservedQuantityOf(coupon, redisCoupons?.get(coupon.id), now), now);
  }

  /** What Redis knows of the coupons, or undefined while it is away: a coupon can be shown all the same. */
  private async redisCouponsOf(
    coupons: ReadonlyArray<Pick<Coupon, 'id' | 'strategy'>>,
  ): Promise<Map<number, RedisCoupon> | undefined> {
    const reserving = coupons.filter((coupon) => coupon.strategy === 'reservation');
    try {
      return await this.store.inspectMany(reserving.map((coupon) => coupon.id));
    } catch (error) {
      if (error instanceof RedisUnavailableError) return undefined;
      throw error;
    }
  }
}

/** What a coupon begins with. */
const UNTOUCHED = { issuedQuantity: 0, returnedQuantity: 0, latestExpiresAt: new Date(0) };

function createdCoupon(coupon: CouponView): CreatedCoupon {
  return {
    ...coupon,
    entryOpensAt: coupon.entryOpensAt?.toISOString() ?? null,
    startsAt: coupon.startsAt.toISOString(),
    expiresAt: coupon.expiresAt.toISOString(),
    usableUntil: coupon.usableUntil?.toISOString() ?? null,
    productIds: coupon.productIds && [...coupon.productIds],
    createdAt: coupon.createdAt.toISOString(),
  };
}

function newCoupon(draft: CouponDraft, createdAt: Date): NewCoupon {
  return {
    ...draft,
    discountAmount: draft.discountAmount ?? null,
    discountRate: draft.discountRate ?? null,
    entryOpensAt: draft.entryOpensAt ?? null,
    usableDays: draft.usableDays ?? null,
    usableUntil: draft.usableUntil ?? null,
    minOrderAmount: draft.minOrderAmount ?? null,
    maxDiscountAmount: draft.maxDiscountAmount ?? null,
    productIds: draft.productIds ?? null,
    createdAt,
  };
}
