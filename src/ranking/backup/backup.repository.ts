import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { BusinessDay } from '../business-day.js';
import type { Backup, RankedSales } from '../ranking.js';

interface Affected {
  readonly affectedRows: number;
}

/** The tables `product_ranking_backups` and `product_ranking_backup_days`. */
@Injectable()
export class BackupRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The backup of the day; undefined when there is none, or an empty one. */
  async find(day: BusinessDay): Promise<Backup | undefined> {
    const rows = await this.dataSource.query<Array<RankedSales & { backedUpAt: Date }>>(
      `SELECT ranking AS \`rank\`, product_id AS productId, product_name AS productName, sales_count AS salesCount,
              backed_up_at AS backedUpAt
         FROM product_ranking_backups WHERE business_date = ? ORDER BY ranking`,
      [day],
    );
    const [first] = rows;
    if (first === undefined) return undefined;
    const products = rows.map(({ rank, productId, productName, salesCount }) => ({
      rank,
      productId,
      productName,
      salesCount,
    }));
    return { asOf: first.backedUpAt, products };
  }

  /**
   * Puts the backup in the place of the day's rows, unless a later one is there already: then false. Two writers
   * collide on the row of the day: one waits for the other, or on another Galera node is told to start again.
   */
  async replace(manager: EntityManager, day: BusinessDay, { asOf, products }: Backup): Promise<boolean> {
    await manager.query(
      `INSERT INTO product_ranking_backup_days (business_date, backed_up_at) VALUES (?, '1970-01-01 00:00:00')
       ON DUPLICATE KEY UPDATE business_date = business_date`,
      [day],
    );
    const { affectedRows } = await manager.query<Affected>(
      'UPDATE product_ranking_backup_days SET backed_up_at = ? WHERE business_date = ? AND backed_up_at <= ?',
      [asOf, day, asOf],
    );
    if (affectedRows === 0) return false;
    await manager.query('DELETE FROM product_ranking_backups WHERE business_date = ?', [day]);
    if (products.length === 0) return true;
    const rows = products.map(({ rank, productId, productName, salesCount }) => [
      day,
      productId,
      rank,
      salesCount,
      productName,
      asOf,
    ]);
    await manager.query(
      `INSERT INTO product_ranking_backups (business_date, product_id, ranking, sales_count, product_name, backed_up_at)
       VALUES ?`,
      [rows],
    );
    return true;
  }

  /** When each of the days was backed up last; a day without a backup is not in it. */
  async backedUpAt(days: readonly BusinessDay[]): Promise<Map<BusinessDay, Date>> {
    const rows = await this.dataSource.query<Array<{ day: BusinessDay; backedUpAt: Date }>>(
      `SELECT DATE_FORMAT(business_date, '%Y-%m-%d') AS day, backed_up_at AS backedUpAt
         FROM product_ranking_backup_days WHERE business_date IN (?)`,
      [days],
    );
    return new Map(rows.map(({ day, backedUpAt }) => [day, backedUpAt]));
  }

  /** Deletes the backups of days before `day`; of how many days. */
  async deleteBefore(manager: EntityManager, day: BusinessDay): Promise<number> {
    await manager.query('DELETE FROM product_ranking_backups WHERE business_date < ?', [day]);
    const { affectedRows } = await manager.query<Affected>(
      'DELETE FROM product_ranking_backup_days WHERE business_date < ?',
      [day],
    );
    return affectedRows;
  }
}
