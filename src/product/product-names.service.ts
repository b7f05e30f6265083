import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ProductRepository } from './product.repository.js';

const MAX_NAMES = 10_000;
/** How long a renamed or deleted product may still be shown under its old name. */
const TTL_MS = 30_000;

/** Names of products, for lists that show many of them again and again. */
@Injectable()
export class ProductNames {
  private readonly known = new LRUCache<number, string>({ max: MAX_NAMES, ttl: TTL_MS });

  constructor(private readonly products: ProductRepository) {}

  /**
   * The names of those of the products that exist; asks MySQL at most once, and not at all for what it was told lately.
   * That a product does not exist is never remembered.
   *
   * @throws what the database threw, when it could not be asked
   */
  async namesOf(productIds: readonly number[]): Promise<Map<number, string>> {
    const names = new Map<number, string>();
    const unknown = new Set<number>();
    for (const productId of productIds) {
      const name = this.known.get(productId);
      if (name === undefined) unknown.add(productId);
      else names.set(productId, name);
    }
    for (const { id, name } of await this.products.findNames([...unknown])) {
      this.known.set(id, name);
      names.set(id, name);
    }
    return names;
  }
}
