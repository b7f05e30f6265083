import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ProductNames } from '../../product/index.js';
import { OutageBreaker } from './outage-breaker.js';

const MAX_LABELS = 10_000;
/** How long a product may still be shown under its old name. */
const TTL_MS = 5_000;
const TIMEOUT_MS = 500;
const RETRY_AFTER_MS = 1_000;

/** What was found of a product; without a name when it was deleted. */
interface Label {
  readonly name?: string | undefined;
}

/**
 * What products are called in a ranking. One look-up for all that are not known; while MySQL is away, the names they had
 * before.
 */
@Injectable()
export class ProductLabels {
  private readonly labels = new LRUCache<number, Label>({ max: MAX_LABELS, ttl: TTL_MS, noDeleteOnStaleGet: true });
  private readonly breaker = new OutageBreaker({ timeoutMs: TIMEOUT_MS, retryAfterMs: RETRY_AFTER_MS });

  constructor(private readonly names: ProductNames) {}

  /**
   * The names of those of the products of which one is known; never throws. Which is missing was deleted, or could not be
   * looked up: that is tried again by the next call.
   */
  async of(productIds: readonly number[]): Promise<Map<number, string>> {
    const unknown = productIds.filter((productId) => this.labels.get(productId) === undefined);
    if (unknown.length > 0) await this.breaker.ask(() => this.lookUp(unknown));
    const names = new Map<number, string>();
    for (const productId of productIds) {
      const name = this.labels.get(productId, { allowStale: true })?.name;
      if (name !== undefined) names.set(productId, name);
    }
    return names;
  }

  private async lookUp(productIds: readonly number[]): Promise<void> {
    const names = await this.names.namesOf(productIds);
    for (const productId of productIds) this.labels.set(productId, { name: names.get(productId) });
  }
}
