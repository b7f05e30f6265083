import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { UserCouponUsage, type UsableCoupon } from '../coupon/index.js';
import { ValidationFailedError } from '../platform/errors/platform.errors.js';
import { ProductService } from '../product/index.js';
import { unmetCondition } from './coupon-conditions.js';
import { orderAmounts, type OrderAmounts } from './order-amounts.js';
import { CouponConditionsNotMetError, CouponNotUsableError } from './order.errors.js';
import type { OrderItem } from './order.js';
import type { OrderDraft } from './order.schemas.js';

/** A draft with its prices and its discount, in won. */
export interface PricedDraft extends OrderAmounts {
  readonly items: readonly OrderItem[];
  /** The user coupon that gives the discount. */
  readonly userCouponId: number | null;
}

/** Says what an order costs. */
@Injectable()
export class OrderPricing {
  constructor(
    private readonly products: ProductService,
    private readonly userCoupons: UserCouponUsage,
  ) {}

  /**
   * The draft at the prices of this moment, as the caller's transaction sees them; nothing is taken or stored.
   *
   * @throws ProductNotFoundError, CouponNotUsableError, CouponConditionsNotMetError, ValidationFailedError when it costs
   *   more than can be counted
   */
  async price(manager: EntityManager, draft: OrderDraft, now: Date): Promise<PricedDraft> {
    const lines = await this.products.priced(manager, draft.items);
    const items = lines.map(({ productId, name, price, quantity }) => ({
      productId,
      productName: name,
      unitPrice: price,
      quantity,
    }));
    const coupon = await this.couponOf(manager, draft, items, now);
    const amounts = affordable(orderAmounts(items, coupon));
    return { items, ...amounts, userCouponId: coupon?.userCouponId ?? null };
  }

  private async couponOf(
    manager: EntityManager,
    { couponId, userId }: OrderDraft,
    items: readonly OrderItem[],
    now: Date,
  ): Promise<UsableCoupon | undefined> {
    if (couponId === undefined) return undefined;
    const coupon = await this.userCoupons.find(manager, couponId, userId, now);
    if (typeof coupon === 'string') throw new CouponNotUsableError(coupon, { couponId });
    const unmet = unmetCondition(items, coupon);
    if (unmet !== undefined) throw new CouponConditionsNotMetError(unmet, { couponId });
    return coupon;
  }
}

/** @throws ValidationFailedError above what JSON can hold exactly */
function affordable(amounts: OrderAmounts): OrderAmounts {
  if (Number.isSafeInteger(amounts.subtotalAmount)) return amounts;
  const message = `must not come to more than ${Number.MAX_SAFE_INTEGER} won`;
  throw new ValidationFailedError([{ path: 'items', message }]);
}
