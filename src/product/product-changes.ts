import type { ValidationIssue } from '../platform/errors/platform.errors.js';
import type { RowOutcome } from '../platform/import/row-outcome.js';

/** A product as an operator puts it up. */
export interface ProductDraft {
  readonly productId: number;
  readonly name: string;
  readonly price: number;
  /** Of a new product; that of one which is there is changed by {@link StockChange} only. */
  readonly stock?: number | undefined;
}

export interface StockChange {
  readonly productId: number;
  readonly delta: number;
}

/** What a list of drafts does to the products that there are. */
export interface ProductChanges {
  /** For each draft, in the same order. */
  readonly outcomes: readonly RowOutcome[];
  readonly created: readonly Required<ProductDraft>[];
  /** As they are in the end. */
  readonly changed: readonly ProductDraft[];
}

export const STOCK_NEEDED: ValidationIssue = { path: 'stock', message: 'must be given for a new product' };

/**
 * Carries the drafts out one after the other, in memory. The stock of a product that is there is left alone.
 *
 * @param existing those of the products named that are there
 */
export function changesBy(drafts: readonly ProductDraft[], existing: readonly ProductDraft[]): ProductChanges {
  const before = new Map(existing.map((product) => [product.productId, product]));
  const now = new Map(before);
  const outcomes = drafts.map((draft): RowOutcome => {
    const { productId, name, price, stock } = draft;
    const current = now.get(productId);
    if (current === undefined && stock === undefined) return STOCK_NEEDED;
    if (current?.name === name && current.price === price) return 'unchanged';
    now.set(productId, { productId, name, price, stock: current === undefined ? stock : current.stock });
    return current === undefined ? 'created' : 'updated';
  });
  const products = [...now.values()];
  return {
    outcomes,
    created: products.filter(({ productId }) => !before.has(productId)) as Required<ProductDraft>[],
    changed: products.filter((product) => before.has(product.productId) && before.get(product.productId) !== product),
  };
}
