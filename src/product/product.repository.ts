import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { newestFirst } from '../platform/database/newest-first.js';
import { Product } from './product.entity.js';
import type { ProductsQuery } from './product.schemas.js';

/** What a product is called and costs. */
export interface Offer {
  readonly productId: number;
  readonly name: string;
  readonly price: number;
}

/** The table `products`. */
@Injectable()
export class ProductRepository {
  constructor(@InjectRepository(Product) private readonly products: Repository<Product>) {}

  async find(productId: number): Promise<Product | null> {
    return await this.products.findOneBy({ id: productId });
  }

  /** The newest products first by (created_at, id), from the one before `cursor` on. */
  async findPage(page: ProductsQuery): Promise<Product[]> {
    const query = this.products.createQueryBuilder('product');
    return await newestFirst(query, { time: 'product.createdAt', id: 'product.id' }, page).getMany();
  }

  /** Names and prices of those of the ids that belong to a product, as they are now. */
  async findOffers(manager: EntityManager, productIds: readonly number[]): Promise<Offer[]> {
    return await manager.query('SELECT id AS productId, name, price FROM products WHERE id IN (?)', [productIds]);
  }

  /** Takes the pieces from the stock; false, and nothing changes, when fewer are left. */
  async takeFromStock(manager: EntityManager, productId: number, quantity: number): Promise<boolean> {
    const { affectedRows } = await manager.query<{ affectedRows: number }>(
      'UPDATE products SET stock = stock - ? WHERE id = ? AND stock >= ?',
      [quantity, productId, quantity],
    );
    return affectedRows === 1;
  }

  /** The names of those of the ids that belong to a product, in one query. */
  async findNames(productIds: readonly number[]): Promise<Array<Pick<Product, 'id' | 'name'>>> {
    if (productIds.length === 0) return [];
    return await this.products.query('SELECT id, name FROM products WHERE id IN (?)', [productIds]);
  }
}
