import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ProductNames } from '../../product/index.js';
import { UNKNOWN_PRODUCT } from '../ranking.js';
import { OutageBreaker } from './outage-breaker.js';

const MAX_LABELS = 10_000;
/** How long a product may still be shown under its old name. */
const TTL_MS = 5_000;
const TIMEOUT_MS = 500;
const RETRY_AFTER_MS = 1_000;

/**
 * What products are called in a ranking: by their name, or "Unknown product" when they were deleted. One look-up for
 * all that are not known; while MySQL is away, under the names they had before.
 */
@Injectable()
export class ProductLabels {
  private readonly labels = new LRUCache<number, string>({ max: MAX_LABELS, ttl: TTL_MS, noDeleteOnStaleGet: true });
  private readonly breaker = new OutageBreaker({ timeoutMs: TIMEOUT_MS, retryAfterMs: RETRY_AFTER_MS });

  constructor(private readonly names: ProductNames) {}

  /** A label for each of the products; never throws. */
  async of(productIds: readonly number[]): Promise<Map<number, string>> {
    const unknown = productIds.filter((productId) => this.labels.get(productId) === undefined);
    if (unknown.length > 0) await this.breaker.ask(() => this.lookUp(unknown));
    return new Map(
      productIds.map((productId) => [productId, this.labels.get(productId, { allowStale: true }) ?? UNKNOWN_PRODUCT]),
    );
  }

  private async lookUp(productIds: readonly number[]): Promise<void> {
    const names = await this.names.namesOf(productIds);
    for (const productId of productIds) this.labels.set(productId, names.get(productId) ?? UNKNOWN_PRODUCT);
  }
}
