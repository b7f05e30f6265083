import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { pageOf } from '../platform/http/page.js';
import type { AnswerOf } from '../platform/http/response-schemas.js';
import type { Product } from './product.entity.js';
import { OutOfStockError, ProductNotFoundError } from './product.errors.js';
import { type Offer, ProductRepository } from './product.repository.js';
import type { productListResponse, productResponse } from './product.responses.js';
import { MAX_STOCK, type ProductsQuery } from './product.schemas.js';

/** A product as the API shows it. */
export type ProductView = AnswerOf<typeof productResponse>;

/** A page of products; `nextCursor` is null on the last one. */
export type ProductPage = AnswerOf<typeof productListResponse>;

/** Shows what is sold, and for orders: at which price, takes it from the stock and puts it back. */
@Injectable()
export class ProductService {
  constructor(private readonly products: ProductRepository) {}

  /** Products, the newest first, as in every other list. */
  async list({ cursor, limit }: ProductsQuery): Promise<ProductPage> {
    const found = await this.products.findPage({ cursor, limit: limit + 1 });
    const { page, nextCursor } = pageOf(found, limit, ({ createdAt, id }) => [createdAt.getTime(), id]);
    return { products: page.map(productView), nextCursor };
  }

  /** @throws ProductNotFoundError */
  async get(productId: number): Promise<ProductView> {
    const product = await this.products.find(productId);
    if (product === null) throw new ProductNotFoundError(productId);
    return productView(product);
  }

  /**
   * Each of the lines with what its product is called and costs, as the caller's transaction sees it.
   *
   * @throws ProductNotFoundError for the first product that does not exist
   */
  async priced<T extends { readonly productId: number }>(
    manager: EntityManager,
    lines: readonly T[],
  ): Promise<Array<T & Offer>> {
    const productIds = lines.map(({ productId }) => productId);
    const offers = await this.products.findOffers(manager, productIds);
    const byId = new Map(offers.map((offer) => [offer.productId, offer]));
    return lines.map((line) => {
      const offer = byId.get(line.productId);
      if (offer === undefined) throw new ProductNotFoundError(line.productId);
      return { ...line, ...offer };
    });
  }

  /** Takes pieces from the stock, in the caller's transaction; @throws OutOfStockError, and nothing changes */
  async takeFromStock(manager: EntityManager, productId: number, quantity: number): Promise<void> {
    const isTaken = await this.products.takeFromStock(manager, productId, quantity);
    if (!isTaken) throw new OutOfStockError(productId, quantity);
  }

  /**
   * Puts pieces that were sold back into the stock, in the caller's transaction. It never fails for what has become of
   * the product: of a stock that is as full as can be counted the rest is left out.
   */
  async putBackIntoStock(manager: EntityManager, productId: number, quantity: number): Promise<void> {
    await this.products.putBack(manager, productId, quantity, MAX_STOCK);
  }
}

export function productView({ id, name, price, stock }: Product): ProductView {
  return { productId: id, name, price, stock };
}
