import type { UsageConditions } from '../coupon/index.js';
import { amountOf, eligibleLines, type PricedLine } from './order-amounts.js';

/** The condition of a coupon that an order does not meet, and what it lacks. */
export type UnmetCondition =
  /** It has none of the products on which alone the discount counts. */
  | { readonly reason: 'NO_ELIGIBLE_PRODUCT'; readonly productIds: readonly number[] }
  /** The lines on which the discount counts come to so many won less than they must. */
  | { readonly reason: 'BELOW_MIN_ORDER_AMOUNT'; readonly minOrderAmount: number; readonly missingAmount: number };

/** The first condition that these lines do not meet; undefined when they meet all. */
export function unmetCondition(
  lines: readonly PricedLine[],
  { productIds, minOrderAmount }: Pick<UsageConditions, 'productIds' | 'minOrderAmount'>,
): UnmetCondition | undefined {
  const eligible = eligibleLines(lines, { productIds });
  if (productIds !== null && eligible.length === 0) return { reason: 'NO_ELIGIBLE_PRODUCT', productIds };
  if (minOrderAmount === null || amountOf(eligible) >= minOrderAmount) return undefined;
  return { reason: 'BELOW_MIN_ORDER_AMOUNT', minOrderAmount, missingAmount: minOrderAmount - amountOf(eligible) };
}
