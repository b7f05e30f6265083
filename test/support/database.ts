import mysql, { type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../src/migrations.js';
import { dataSourceOptions } from '../../src/platform/database/data-source-options.js';
import { migrateDatabase } from '../../src/platform/database/migrate-database.js';
import { atEndOfFile } from './cleanup.js';

/**
 * The database of this test run; @throws Error when it is not named, or when its name does not say that it is a test's.
 */
export function testDatabaseUrl(url = process.env['DATABASE_URL']): string {
  if (url === undefined || url === '') throw new Error('DATABASE_URL is not set; start the tests with `npm test`');
  const name = new URL(url).pathname.slice(1);
  if (!name.includes('test'))
    throw new Error(`the tests write, so they refuse the database "${name}": no "test" in its name`);
  return url;
}

/** A direct connection for assertions and for arranging what the API has no call for. */
export class TestDatabase {
  constructor(private readonly pool: mysql.Pool) {}

  /** The rows of a SELECT or SHOW; BIGINT comes as a number, DATETIME as a Date in UTC. */
  async rows<T extends object>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    const [rows] = await this.pool.query<Array<T & RowDataPacket>>(sql, parameters);
    return rows;
  }

  /** The only row of a SELECT; @throws Error when there are none or several. */
  async row<T extends object>(sql: string, parameters: unknown[] = []): Promise<T> {
    const rows = await this.rows<T>(sql, parameters);
    const [row] = rows;
    if (row === undefined || rows.length > 1) throw new Error(`${rows.length} rows instead of one: ${sql}`);
    return row;
  }

  /** Runs a statement that changes something; returns how many rows it matched. */
  async change(sql: string, parameters: unknown[] = []): Promise<number> {
    const [result] = await this.pool.query<ResultSetHeader>(sql, parameters);
    return result.affectedRows;
  }

  /** The ledger of a coupon, in the order of its sequence numbers. */
  async userCoupons(couponId: number): Promise<UserCouponRow[]> {
    return this.rows<UserCouponRow>(
      `SELECT id, user_id AS userId, sequence_number AS sequenceNumber, code, issued_at AS issuedAt
       FROM user_coupons WHERE coupon_id = ? ORDER BY sequence_number`,
      [couponId],
    );
  }

  /** What the ledger has counted for a coupon. */
  async couponCounts(couponId: number): Promise<CouponCounts> {
    return this.row<CouponCounts>(
      `SELECT total_quantity AS totalQuantity, issued_quantity AS issuedQuantity, failed_quantity AS failedQuantity
       FROM coupons WHERE id = ?`,
      [couponId],
    );
  }

  /** How many connections are in the middle of a statement like this (see LIKE), of anyone; most wait for a lock. */
  async running(pattern: string): Promise<number> {
    return (await this.rows('SELECT id FROM information_schema.processlist WHERE info LIKE ?', [pattern])).length;
  }

  /** How many statements the server has carried out so far, of anyone. */
  async statements(): Promise<number> {
    return Number((await this.row<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Questions'")).Value);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

interface UserCouponRow {
  id: number;
  userId: number;
  sequenceNumber: number;
  code: string | null;
  issuedAt: Date;
}

interface CouponCounts {
  totalQuantity: number;
  issuedQuantity: number;
  failedQuantity: number;
}

/** Connects to the test database (or that of a private server); closed at the end of the test file. */
export function openDatabase(url?: string): TestDatabase {
  const pool = mysql.createPool({
    uri: testDatabaseUrl(url),
    charset: 'utf8mb4_unicode_ci',
    timezone: 'Z',
    supportBigNumbers: true,
    connectionLimit: 4,
  });
  const database = new TestDatabase(pool);
  atEndOfFile(() => database.close());
  return database;
}

type EntityClass = new () => object;

/**
 * A migrated TypeORM data source as the application opens it, for tests of repositories; closed at the end of the file.
 */
export async function openDataSource({
  url,
  poolSize = 10,
  entities = [],
}: { url?: string; poolSize?: number; entities?: EntityClass[] } = {}): Promise<DataSource> {
  const settings = {
    url: testDatabaseUrl(url),
    poolSize,
    connectTimeoutMs: 3000,
    tls: { mode: 'off' as const },
    galera: 'auto' as const,
  };
  const dataSource = new DataSource({ ...dataSourceOptions(settings, MIGRATIONS), entities });
  await dataSource.initialize();
  atEndOfFile(() => dataSource.destroy());
  await migrateDatabase(dataSource);
  return dataSource;
}
