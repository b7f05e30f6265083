import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock.js';
import { pageOf } from '../platform/http/page.js';
import { RedisUnavailableError } from '../platform/redis/redis-errors.js';
import { couponView, type CouponView, reservedQuantityOf } from './coupon-view.js';
import type { Coupon } from './coupon.entity.js';
import { CouponNotFoundError } from './coupon.errors.js';
import { CouponRepository, type NewCoupon } from './coupon.repository.js';
import { assertWindow, type CouponDraft, type CouponPatch, type Page } from './coupon.schemas.js';
import { CouponDefinitionService } from './reservation/coupon-definition.service.js';
import { RebuildService } from './reservation/rebuild.service.js';
import { type RedisCoupon, RedisCouponStore } from './reservation/redis-coupon.store.js';

/** A page of coupons; `nextCursor` is null on the last one. */
export interface CouponPage {
  readonly coupons: CouponView[];
  readonly nextCursor: string | null;
}

/** Creates, shows and changes coupons. */
@Injectable()
export class CouponService {
  constructor(
    private readonly coupons: CouponRepository,
    private readonly definitions: CouponDefinitionService,
    private readonly rebuilds: RebuildService,
    private readonly store: RedisCouponStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates the coupon, and loads it into Redis so that the first reservation finds it there, at whichever instance. With
   * Redis away it is created all the same, and loaded when Redis is back.
   */
  async create(draft: CouponDraft): Promise<CouponView> {
    const couponId = await this.coupons.insert(newCoupon(draft, this.clock.now()));
    if (draft.strategy === 'reservation') await this.rebuilds.loadOrAwait(couponId);
    return await this.get(couponId);
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
    const redisCoupons = await this.redisCouponsOf(page);
    const now = this.clock.now();
    return {
      coupons: page.map((coupon) =>
        couponView(coupon, reservedQuantityOf(coupon, redisCoupons?.get(coupon.id), now), now),
      ),
      nextCursor,
    };
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
   * Changes the definition; every instance sees it within a second.
   *
   * @throws CouponNotFoundError, ValidationFailedError when the window would end before it starts,
   *   QuantityBelowCommittedError when the total would be less than what is issued and reserved
   */
  async change(couponId: number, patch: CouponPatch): Promise<CouponView> {
    return await this.view(await this.definitions.change(couponId, patch, assertWindow));
  }

  private async view(coupon: Coupon): Promise<CouponView> {
    const redisCoupons = await this.redisCouponsOf([coupon]);
    const now = this.clock.now();
    return couponView(coupon, reservedQuantityOf(coupon, redisCoupons?.get(coupon.id), now), now);
  }

  /** What Redis knows of the coupons, or undefined while it is away: a coupon can be shown all the same. */
  private async redisCouponsOf(coupons: readonly Coupon[]): Promise<Map<number, RedisCoupon> | undefined> {
    const reserving = coupons.filter((coupon) => coupon.strategy === 'reservation');
    try {
      return await this.store.inspectMany(reserving.map((coupon) => coupon.id));
    } catch (error) {
      if (error instanceof RedisUnavailableError) return undefined;
      throw error;
    }
  }
}

function newCoupon(draft: CouponDraft, createdAt: Date): NewCoupon {
  return {
    ...draft,
    discountAmount: draft.discountAmount ?? null,
    discountRate: draft.discountRate ?? null,
    createdAt,
  };
}
