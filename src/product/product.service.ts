import { Injectable } from '@nestjs/common';
import { pageOf } from '../platform/http/page.js';
import type { Product } from './product.entity.js';
import { ProductNotFoundError } from './product.errors.js';
import { ProductRepository } from './product.repository.js';
import type { ProductsQuery } from './product.schemas.js';

/** A product as the API shows it. */
export interface ProductView {
  readonly productId: number;
  readonly name: string;
  /** In won, for one piece. */
  readonly price: number;
  readonly stock: number;
}

/** A page of products; `nextCursor` is null on the last one. */
export interface ProductPage {
  readonly products: ProductView[];
  readonly nextCursor: string | null;
}

/** Shows what is sold. */
@Injectable()
export class ProductService {
  constructor(private readonly products: ProductRepository) {}

  /** Products, the newest first, as in every other list. */
  async list({ cursor, limit }: ProductsQuery): Promise<ProductPage> {
    const found = await this.products.findPage({ cursor, limit: limit + 1 });
    const { page, nextCursor } = pageOf(found, limit, ({ id }) => id);
    return { products: page.map(productView), nextCursor };
  }

  /** @throws ProductNotFoundError */
  async get(productId: number): Promise<ProductView> {
    const product = await this.products.find(productId);
    if (product === null) throw new ProductNotFoundError(productId);
    return productView(product);
  }
}

function productView({ id, name, price, stock }: Product): ProductView {
  return { productId: id, name, price, stock };
}
