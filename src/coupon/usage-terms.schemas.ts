import { z } from 'zod';
import { id, isoDateTime, optional, wholeNumber, withDefault } from '../platform/http/schemas.js';
import { ValidationFailedError } from '../platform/errors/platform.errors.js';
import type { Coupon } from './coupon.entity.js';
import { MAX_CONDITION_PRODUCTS, MAX_USABLE_DAYS, PLAIN_USAGE } from './usage-terms.js';

/** Until when and on what a coupon may be spent, as the calls take it. */

const MAX_AMOUNT = 1_000_000_000_000;
/** What DATETIME can hold, in MySQL as in MariaDB. */
const EARLIEST = new Date('1000-01-01T00:00:00Z');
const LATEST = new Date('9999-12-31T23:59:59.999Z');

const PRODUCTS_ERROR = `must be a list of 1 to ${MAX_CONDITION_PRODUCTS} different product ids`;
export const UNTIL_ERROR = 'must not be earlier than expiresAt';
const EITHER_ERROR = 'must be left out where usableDays is given';
export const RATE_ERROR = 'must be left out where there is no discountRate';
const TIGHTER_ERROR = 'takes from people what they hold: this needs applyToIssued: true';

export const pointInTime = isoDateTime.refine((time) => time >= EARLIEST && time <= LATEST, {
  error: 'must be between the years 1000 and 9999 (UTC)',
});

const redeemable = z.boolean({ error: 'must be true or false' });
const days = wholeNumber(MAX_USABLE_DAYS);
const amount = wholeNumber(MAX_AMOUNT);
const products = z
  .array(id, { error: PRODUCTS_ERROR })
  .min(1, { error: PRODUCTS_ERROR })
  .max(MAX_CONDITION_PRODUCTS, { error: PRODUCTS_ERROR })
  .refine((ids) => new Set(ids).size === ids.length, { error: PRODUCTS_ERROR });

const ABOUT = {
  usableDays: 'For how many days of 24 h from its issue a user coupon may be spent; either this or usableUntil',
  usableUntil: 'Until when user coupons may be spent; by itself the latest expiresAt that the coupon has had',
  isRedeemable: 'false suspends spending; what people hold stays as it is',
  minOrderAmount: 'Won that the lines on which the discount counts must come to',
  maxDiscountAmount: 'Won that a discountRate takes off at most',
  productIds: 'The discount counts on these products only',
};

/** Of a coupon that does not exist yet. */
export const usageFields = {
  usableDays: optional(days).meta({ description: ABOUT.usableDays }),
  usableUntil: optional(pointInTime).meta({ description: ABOUT.usableUntil }),
  isRedeemable: withDefault(redeemable, PLAIN_USAGE.isRedeemable).meta({ description: ABOUT.isRedeemable }),
  minOrderAmount: optional(amount).meta({ description: ABOUT.minOrderAmount }),
  maxDiscountAmount: optional(amount).meta({ description: ABOUT.maxDiscountAmount }),
  productIds: optional(products).meta({ description: ABOUT.productIds }),
};

/** Of a coupon that is to change: here null says that there is no such term any more. */
export const usagePatchFields = {
  usableDays: days.nullish().meta({ description: `${ABOUT.usableDays}; null clears it` }),
  usableUntil: pointInTime.nullish().meta({ description: `${ABOUT.usableUntil}; null clears it` }),
  isRedeemable: optional(redeemable).meta({ description: ABOUT.isRedeemable }),
  minOrderAmount: amount.nullish().meta({ description: `${ABOUT.minOrderAmount}; null clears it` }),
  maxDiscountAmount: amount.nullish().meta({ description: `${ABOUT.maxDiscountAmount}; null clears it` }),
  productIds: products.nullish().meta({ description: `${ABOUT.productIds}; null clears it` }),
  applyToIssued: optional(z.boolean({ error: 'must be true or false' })).meta({
    description:
      'true gives the user coupons that are issued already the new use-by time, and allows tighter conditions, which hold ' +
      'for them as well; without it nothing is taken from anyone',
  }),
};

/** The fields that `applyToIssued` is about. */
export const APPLICABLE = ['usableDays', 'usableUntil', 'minOrderAmount', 'maxDiscountAmount', 'productIds'] as const;

export const eitherDaysOrUntil = {
  path: ['usableUntil'],
  error: EITHER_ERROR,
};

/** Whether not both are given. */
export function namesOneUseBy(terms: { usableDays?: number | null; usableUntil?: unknown }): boolean {
  return (terms.usableDays ?? undefined) === undefined || (terms.usableUntil ?? undefined) === undefined;
}

export type CheckedTerms = Pick<Coupon, 'expiresAt' | 'discountRate' | 'usableUntil' | 'maxDiscountAmount'>;

/**
 * @param named what the request names: the error says which of two fields that contradict each other it is
 * @throws ValidationFailedError when spending would end before the claim window, or an amount would be capped
 */
export function assertUsage(coupon: CheckedTerms, named: object): void {
  const { expiresAt, discountRate, usableUntil, maxDiscountAmount } = coupon;
  if (usableUntil !== null && usableUntil < expiresAt) {
    const isUntil = 'usableUntil' in named;
    throw new ValidationFailedError([
      isUntil
        ? { path: 'usableUntil', message: UNTIL_ERROR }
        : { path: 'expiresAt', message: `must not be later than usableUntil, ${usableUntil.toISOString()}` },
    ]);
  }
  if (maxDiscountAmount !== null && discountRate === null) {
    throw new ValidationFailedError([{ path: 'maxDiscountAmount', message: RATE_ERROR }]);
  }
}

type Conditions = Pick<Coupon, 'minOrderAmount' | 'maxDiscountAmount' | 'productIds'>;

/** P14: conditions hold for what is issued as well. @throws ValidationFailedError naming those that would get tighter */
export function assertNoTighter(before: Conditions, after: Conditions): void {
  const tighter = [
    (after.minOrderAmount ?? 0) > (before.minOrderAmount ?? 0) && 'minOrderAmount',
    (after.maxDiscountAmount ?? Infinity) < (before.maxDiscountAmount ?? Infinity) && 'maxDiscountAmount',
    excludesMore(before.productIds, after.productIds) && 'productIds',
  ].filter((path) => path !== false);
  if (tighter.length > 0) throw new ValidationFailedError(tighter.map((path) => ({ path, message: TIGHTER_ERROR })));
}

function excludesMore(before: readonly number[] | null, after: readonly number[] | null): boolean {
  if (after === null) return false;
  if (before === null) return true;
  const still = new Set(after);
  return before.some((productId) => !still.has(productId));
}
