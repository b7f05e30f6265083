import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { Product } from './product.entity.js';

/** The table `products`. */
@Injectable()
export class ProductRepository {
  constructor(@InjectRepository(Product) private readonly products: Repository<Product>) {}

  /** The ids from `first` to `last` (both included) that belong to a product. */
  async findIdsBetween(first: number, last: number): Promise<number[]> {
    const rows: Array<{ id: number }> = await this.products.query('SELECT id FROM products WHERE id BETWEEN ? AND ?', [
      first,
      last,
    ]);
    return rows.map((row) => row.id);
  }

  /** The names of those of the ids that belong to a product, in one query. */
  async findNames(productIds: readonly number[]): Promise<Array<Pick<Product, 'id' | 'name'>>> {
    if (productIds.length === 0) return [];
    return await this.products.query('SELECT id, name FROM products WHERE id IN (?)', [productIds]);
  }

  /** Inserts the products in one statement; a row that is there already, perhaps since a moment ago, stays as it is. */
  async insertMissing(manager: EntityManager, products: readonly Product[]): Promise<void> {
    const rows = products.map((product) => [product.id, product.name, product.price, product.stock, product.createdAt]);
    await manager.query(
      'INSERT INTO products (id, name, price, stock, created_at) VALUES ? ON DUPLICATE KEY UPDATE id = id',
      [rows],
    );
  }
}
