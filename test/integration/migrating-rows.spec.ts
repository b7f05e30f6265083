import { afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { GiveUseByTimes1763600000023 } from '../../src/coupon/migrations/1763600000023-give-use-by-times.js';
import { MIGRATIONS } from '../../src/migrations.js';
import { dataSourceOptions } from '../../src/platform/database/data-source-options.js';
import { migrateDatabase } from '../../src/platform/database/migrate-database.js';
import { atEndOfFile } from '../support/cleanup.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { createOwnSchema } from '../support/own-schema.js';

/** What becomes of the rows that there are when a version with use-by times is installed. */

/** More than two chunks of the migration. */
const ROWS = 25_000;
const COUPONS = 3;

let url: string;
let database: TestDatabase;

beforeAll(async () => {
  url = await createOwnSchema('migrating');
  database = openDatabase(url);
});

afterEach(() => {
  jest.restoreAllMocks();
});

/** As `npm run migrate` of a version does it that ended with this migration. */
async function migrateUpTo(name?: string): Promise<void> {
  const last = name === undefined ? MIGRATIONS.length : MIGRATIONS.findIndex((each) => each.name === name) + 1;
  expect(last).toBeGreaterThan(0);
  const settings = { url, poolSize: 2, connectTimeoutMs: 3000, tls: { mode: 'off' as const }, galera: 'auto' as const };
  const dataSource = await new DataSource(dataSourceOptions(settings, MIGRATIONS.slice(0, last))).initialize();
  atEndOfFile(async () => void (dataSource.isInitialized && (await dataSource.destroy())));
  try {
    await migrateDatabase(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

async function fill(): Promise<void> {
  await database.change(
    `INSERT INTO coupons (id, name, total_quantity, issued_quantity, discount_amount, starts_at, expires_at, audience,
                          code_format, strategy, created_at)
     VALUES ${Array.from({ length: COUPONS }, () => '(?)').join(', ')}`,
    Array.from({ length: COUPONS }, (_, index) => [
      index + 1,
      `Coupon ${index + 1}`,
      ROWS,
      ROWS / COUPONS,
      1000,
      new Date('2026-11-20T09:00:00Z'),
      new Date(`2026-12-0${index + 1}T09:00:00.123Z`),
      'anyone',
      'none',
      'reservation',
      new Date('2026-11-20T09:00:00Z'),
    ]),
  );
  // Ids with gaps, as a server gives them that was started again.
  await database.change(
    `INSERT INTO user_coupons (id, coupon_id, user_id, sequence_number, issued_at)
     SELECT number * 3, 1 + number % ${COUPONS}, number, number, '2026-11-20 09:00:00'
       FROM (SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS number
               FROM digits a, digits b, digits c, digits e, digits f) AS numbers
      WHERE number <= ${ROWS}`,
  );
}

it('every user coupon gets its coupon’s time, also where the migration was interrupted', async () => {
  await migrateUpTo('AllowUsersWithoutEmail1763600000018');
  await database.change('CREATE TABLE digits (d INT PRIMARY KEY)');
  await database.change(`INSERT INTO digits VALUES ${Array.from({ length: 10 }, (_, d) => `(${d})`).join(', ')}`);
  await fill();

  // Interrupted after the first chunk.
  const up = jest.spyOn(GiveUseByTimes1763600000023.prototype, 'up');
  up.mockImplementationOnce(async (queryRunner) => {
    const interrupted = {
      query: async (sql: string, parameters: unknown[]) => {
        if (sql.includes('SELECT MAX(id)') && parameters[0] !== 0) throw new Error('the process was killed');
        return (await queryRunner.query(sql, parameters)) as unknown;
      },
    };
    await GiveUseByTimes1763600000023.prototype.up.call({}, interrupted as never);
  });
  await expect(migrateUpTo()).rejects.toThrow('the process was killed');
  const left = 'SELECT COUNT(*) AS size FROM user_coupons WHERE expires_at > ?';
  expect(await database.row(left, [new Date('2030-01-01')])).toEqual({ size: ROWS - 10_000 });

  await migrateUpTo();
  const wrong = await database.rows(
    `SELECT held.id FROM user_coupons held JOIN coupons coupon ON coupon.id = held.coupon_id
      WHERE held.expires_at <> coupon.expires_at OR held.revoked_at IS NOT NULL OR held.slot_returned <> 0`,
  );
  expect(wrong).toEqual([]);
  expect(await database.rows('SELECT DISTINCT capacity, total_quantity, is_redeemable FROM coupons')).toEqual([
    { capacity: ROWS, total_quantity: ROWS, is_redeemable: 1 },
  ]);
});
