import type { ProductSales } from '../order/index.js';

/** Where an answer came from, the best first. */
export const SOURCES = ['redis', 'backup', 'database', 'memory', 'none'] as const;
export type Source = (typeof SOURCES)[number];

/** As many products as a ranking shows, a backup holds and a fallback knows. */
export const TOP = 100;

/**
 * A payment or a refund takes its time before it takes part in a commit: so much later than its time it may come to be
 * seen. Clocks of instances that differ count too.
 */
export const LATE_COMMIT_MS = 60_000;

/** What is shown in place of a name that is not known. */
const UNKNOWN_PRODUCT = 'Unknown product';

/** A product in the ranking of a day. Ranks run from 1 without a gap. */
export interface RankedSales extends ProductSales {
  readonly rank: number;
  /** Null when it is not known: the product was deleted, or its name could not be looked up. */
  readonly productName: string | null;
}

/** A product as it is shown. */
export interface RankedProduct extends RankedSales {
  readonly productName: string;
}

/** The top of a day's ranking at one time, the best first. */
interface TopOfDay<Product> {
  /** The time of the numbers, not of the answer. */
  readonly asOf: Date;
  readonly products: readonly Product[];
}

/** As it is stored: a name that is not known today may be known tomorrow. */
export type Backup = TopOfDay<RankedSales>;

/** As it is shown. */
export type Snapshot = TopOfDay<RankedProduct>;

/** A snapshot and where it came from. Whoever shares an answer is given the same object. */
export interface SourcedSnapshot extends Snapshot {
  readonly source: Source;
}

/** Ranks from 1: most sold first, of equals the lower product id first; named by `names` where it has the product. */
export function rank(sales: readonly ProductSales[], names: ReadonlyMap<number, string>): RankedSales[] {
  return [...sales]
    .sort((a, b) => b.salesCount - a.salesCount || a.productId - b.productId)
    .map(({ productId, salesCount }, index) => ({
      rank: index + 1,
      productId,
      productName: names.get(productId) ?? null,
      salesCount,
    }));
}

/** With a name for each product to show. */
export function shown(products: readonly RankedSales[]): RankedProduct[] {
  return products.map((product) => ({ ...product, productName: product.productName ?? UNKNOWN_PRODUCT }));
}
