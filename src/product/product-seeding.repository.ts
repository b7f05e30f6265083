import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { Product } from './product.entity.js';

/** Adds products under ids that are given, as many at once as a statement takes: for those who seed test data. */
@Injectable()
export class ProductSeeding {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The ids from `first` to `last` (both included) that belong to a product. */
  async idsBetween(first: number, last: number): Promise<number[]> {
    const rows = await this.dataSource.query<Array<{ id: number }>>(
      'SELECT id FROM products WHERE id BETWEEN ? AND ?',
      [first, last],
    );
    return rows.map(({ id }) => id);
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
