import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { newestFirst } from '../platform/database/newest-first.js';
import type { ProductDraft, StockChange } from './product-changes.js';
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

  /** @param manager of a transaction that must see what it has done itself */
  async find(productId: number, manager?: EntityManager): Promise<Product | null> {
    return await (manager?.getRepository(Product) ?? this.products).findOneBy({ id: productId });
  }

  /** One that is known to be there. @throws EntityNotFoundError */
  async get(productId: number, manager: EntityManager): Promise<Product> {
    return await manager.findOneByOrFail(Product, { id: productId });
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

  /** Puts pieces back into the stock, up to `max`; a product that is gone has none. */
  async putBack(manager: EntityManager, productId: number, quantity: number, max: number): Promise<void> {
    await manager.query('UPDATE products SET stock = LEAST(stock + ?, ?) WHERE id = ?', [quantity, max, productId]);
  }

  /** Adds to the stock or takes from it; false, and nothing changes, for no product, below zero and above `max`. */
  async changeStock(manager: EntityManager, { productId, delta }: StockChange, max: number): Promise<boolean> {
    const { affectedRows } = await manager.query<{ affectedRows: number }>(
      'UPDATE products SET stock = stock + ? WHERE id = ? AND stock + ? BETWEEN 0 AND ?',
      [delta, productId, delta, max],
    );
    return affectedRows === 1;
  }

  /** Name and price of all of them, in one statement. */
  async change(manager: EntityManager, products: readonly ProductDraft[]): Promise<void> {
    if (products.length === 0) return;
    const ids = products.map(({ productId }) => productId);
    const names = products.map(({ name }) => name);
    const prices = products.map(({ price }) => price);
    await manager.query(
      'UPDATE products SET name = ELT(FIELD(id, ?), ?), price = ELT(FIELD(id, ?), ?) WHERE id IN (?)',
      [ids, names, ids, prices, ids],
    );
  }

  /** In the order of their ids, so that those who insert the same ones do not wait for each other crosswise. */
  async insert(manager: EntityManager, products: readonly Required<ProductDraft>[], createdAt: Date): Promise<void> {
    if (products.length === 0) return;
    const rows = products.map(({ productId, name, price, stock }) => [productId, name, price, stock, createdAt]);
    rows.sort(([a], [b]) => Number(a) - Number(b));
    await manager.query('INSERT INTO products (id, name, price, stock, created_at) VALUES ?', [rows]);
  }

  /** The names of those of the ids that belong to a product, in one query. */
  async findNames(productIds: readonly number[]): Promise<Array<Pick<Product, 'id' | 'name'>>> {
    if (productIds.length === 0) return [];
    return await this.products.query('SELECT id, name FROM products WHERE id IN (?)', [productIds]);
  }
}
