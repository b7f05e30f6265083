import type { BusinessDay } from './business-day.js';

/** Wide enough for every id (they stay below 2^53), so that members compare as text as the ids do as numbers. */
const MEMBER_LENGTH = 16;

/**
 * How the keys of a day are to be read. Version 1, without a number in its keys, remembered orders by their ids, which are
 * given again after MySQL was restored. Instances of both may run side by side, since none touches the other's keys.
 */
const VERSION = 2;

/** Every Redis key of the ranking. Those of a day share the hash tag `{day}`, so that one script may touch them all. */
export const rankingKeys = {
  /** Sorted set: product → quantity sold; see {@link memberOf}. */
  sales: (day: BusinessDay) => `ranking:{${day}}:${VERSION}:sales`,
  /**
   * Set: numbers of the orders that are counted already, and the markers of the refunds that are; see {@link refundOf}.
   * One set for both, so that none can be lost without the other: a refund would be counted down twice.
   */
  orders: (day: BusinessDay) => `ranking:{${day}}:${VERSION}:orders`,
  /**
   * The identity of the server in which the day was found complete, and when the reconcile began that found it so. Versions
   * before knew a server by its `run_id` alone; their marker, `complete`, is theirs.
   */
  reconciled: (day: BusinessDay) => `ranking:{${day}}:${VERSION}:reconciled`,
  /**
   * Set: tokens of the reconciles under way, each with the identity of the server in which it began. One that is gone at the
   * end tells that the keys were lost meanwhile.
   */
  reconciling: (day: BusinessDay) => `ranking:{${day}}:${VERSION}:reconciling`,
  /** The token of the instance whose turn it is; expires. */
  turn: (job: string) => `ranking:turn:${job}`,
};

/** Sales, orders and marker of a day, in the order in which the scripts take them. */
export function dayKeys(day: BusinessDay): [string, string, string] {
  return [rankingKeys.sales(day), rankingKeys.orders(day), rankingKeys.reconciled(day)];
}

/** The marker of the refund of an order, beside the order numbers: none of these has a colon. */
export function refundOf(orderNumber: string): string {
  return `refunded:${orderNumber}`;
}

/**
 * A product in the sorted set: its id with leading zeros. Redis orders members of equal score as text; so the lower id
 * comes first, also where the list is cut off.
 */
export function memberOf(productId: number): string {
  return String(productId).padStart(MEMBER_LENGTH, '0');
}
