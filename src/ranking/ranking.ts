import type { ProductSales } from '../order/index.js';

/** Where an answer came from, the best first. */
export const SOURCES = ['redis', 'backup', 'database', 'memory', 'none'] as const;
export type Source = (typeof SOURCES)[number];

/** As many products as a ranking shows, a backup holds and a fallback knows. */
export const TOP = 100;

/** What is shown in place of the name of a product that was deleted. */
export const UNKNOWN_PRODUCT = 'Unknown product';

/** A product in the ranking of a day. Ranks run from 1 without a gap. */
export interface RankedProduct extends ProductSales {
  readonly rank: number;
  readonly productName: string;
}

/** The top of a day's ranking at one time, the best first. */
export interface Snapshot {
  /** The time of the numbers, not of the answer. */
  readonly asOf: Date;
  readonly products: readonly RankedProduct[];
}

/** A snapshot and where it came from. Whoever shares an answer is given the same object. */
export interface SourcedSnapshot extends Snapshot {
  readonly source: Source;
}

/** Ranks from 1: most sold first, of equals the lower product id first; named by `names` where it has the product. */
export function rank(sales: readonly ProductSales[], names: ReadonlyMap<number, string>): RankedProduct[] {
  return [...sales]
    .sort((a, b) => b.salesCount - a.salesCount || a.productId - b.productId)
    .map(({ productId, salesCount }, index) => ({
      rank: index + 1,
      productId,
      productName: names.get(productId) ?? UNKNOWN_PRODUCT,
      salesCount,
    }));
}
