import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ActionTrail, type Actor } from '../identity/index.js';
import { Clock } from '../platform/clock.js';
import { SHARED } from '../platform/database/pool/connection-class.js';
import { TransactionRunner } from '../platform/database/transaction-runner.js';
import { ValidationFailedError } from '../platform/errors/platform.errors.js';
import { IdempotencyService } from '../platform/idempotency/idempotency.service.js';
import type { RowOutcome } from '../platform/import/row-outcome.js';
import { changesBy, type ProductDraft, type StockChange } from './product-changes.js';
import { OutOfStockError, ProductNotFoundError } from './product.errors.js';
import { type Offer, ProductRepository } from './product.repository.js';
import { MAX_STOCK } from './product.schemas.js';
import { type ProductView, productView } from './product.service.js';

/** A product after a PUT, and whether it made it. */
export interface StoredProduct {
  readonly product: ProductView;
  readonly isNew: boolean;
}

/** Puts products up under ids that whoever runs the shop gives, changes their names and prices, and fills their stock. */
@Injectable()
export class ProductAdministration {
  constructor(
    private readonly products: ProductRepository,
    private readonly transactions: TransactionRunner,
    private readonly idempotency: IdempotencyService,
    private readonly trail: ActionTrail,
    private readonly clock: Clock,
  ) {}

  /**
   * Puts the product up, or changes the one which has the id. Lists may show an old name for half a minute.
   *
   * @throws ValidationFailedError for a new product without a stock, and for a stock of one that is there: orders take
   *   from it meanwhile, so that nobody knows which number would be right
   */
  async put(draft: ProductDraft, actor: Actor): Promise<StoredProduct> {
    const { productId, name, price, stock } = draft;
    return await this.transactions.run(
      async (manager, publish) => {
        // Read once: what is written and what is said of it are about the same.
        const existing = await this.products.findOffers(manager, [productId]);
        const [before] = existing;
        if (before !== undefined && stock !== undefined) throw new ValidationFailedError([stockOf(productId)]);
        const [outcome] = await this.apply(manager, [draft], existing);
        if (typeof outcome === 'object') throw new ValidationFailedError([outcome]);
        if (outcome !== 'unchanged') {
          await this.trail.record(manager, publish, {
            actor,
            action: before === undefined ? 'product.create' : 'product.change',
            subject: productSubject(productId),
            ...(before !== undefined && { before: { name: before.name, price: before.price } }),
            after: { name, price, ...(stock !== undefined && { stock }) },
          });
        }
        return { product: productView(await this.products.get(productId, manager)), isNew: before === undefined };
      },
      { connections: SHARED, looksFirst: true },
    );
  }

  /**
   * Adds pieces to the stock, or takes some from it, once for each idempotency key of the actor; the product after it.
   *
   * @throws ProductNotFoundError, OutOfStockError below zero, ValidationFailedError above what can be counted,
   *   IdempotencyKeyReusedError, IdempotencyInProgressError
   */
  async changeStock(change: StockChange, actor: Actor, key: string | undefined): Promise<ProductView> {
    const request = { operation: 'change-stock', owner: actor.name, key, request: change, connections: SHARED };
    return await this.idempotency.run(request, async (manager, publish) => {
      const { productId, delta } = change;
      const isChanged = await this.products.changeStock(manager, change, MAX_STOCK);
      const product = await this.products.find(productId, manager);
      if (product === null) throw new ProductNotFoundError(productId);
      if (!isChanged) throw refusalOf(change);
      await this.trail.record(manager, publish, {
        actor,
        action: 'product.stock',
        subject: productSubject(productId),
        before: { stock: product.stock - delta },
        after: { stock: product.stock, delta },
      });
      return productView(product);
    });
  }

  /** Puts up or changes many in one transaction; what became of each, in the same order. */
  async write(drafts: readonly ProductDraft[]): Promise<readonly RowOutcome[]> {
    const productIds = drafts.map(({ productId }) => productId);
    return await this.transactions.run(
      async (manager) => this.apply(manager, drafts, await this.products.findOffers(manager, productIds)),
      { connections: SHARED, looksFirst: true },
    );
  }

  private async apply(
    manager: EntityManager,
    drafts: readonly ProductDraft[],
    existing: readonly Offer[],
  ): Promise<readonly RowOutcome[]> {
    const { outcomes, created, changed } = changesBy(drafts, existing);
    await this.products.change(manager, changed);
    await this.products.insert(manager, created, this.clock.now());
    return outcomes;
  }
}

function refusalOf({ productId, delta }: StockChange): Error {
  if (delta < 0) return new OutOfStockError(productId, -delta);
  return new ValidationFailedError([{ path: 'delta', message: `must leave the stock at ${MAX_STOCK} or below` }]);
}

function stockOf(productId: number) {
  const message = `is set for a new product only; POST /api/products/${productId}/stock adds to it or takes from it`;
  return { path: 'stock', message };
}

function productSubject(productId: number): string {
  return `products/${productId}`;
}
