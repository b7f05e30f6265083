import { beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { CreateBalanceEntries1763600000021 } from '../../src/user/migrations/1763600000021-create-balance-entries.js';
import { openDatabase, openDataSource, type TestDatabase } from '../support/database.js';
import { createOwnSchema } from '../support/own-schema.js';

/** The migration that begins balance entries, over users of before. */

/** More than it takes at once. */
const USERS = 10_007;
const migration = new CreateBalanceEntries1763600000021();

let dataSource: DataSource;
let database: TestDatabase;

beforeAll(async () => {
  const url = await createOwnSchema('balance_entries');
  dataSource = await openDataSource({ url });
  database = openDatabase(url);
  // Every seventh has nothing.
  const users = Array.from({ length: USERS }, (_, index) => [index * 3 + 1, 'x', null, index % 7 === 0 ? 0 : index]);
  await database.change('INSERT INTO users (id, name, email, balance) VALUES ?', [users]);
  await migration.down(dataSource.createQueryRunner());
});

async function run(): Promise<void> {
  const runner = dataSource.createQueryRunner();
  await migration.up(runner);
  await runner.release();
}

async function expectAllOpened(): Promise<void> {
  const differing = await database.rows(
    `SELECT users.id FROM users LEFT JOIN balance_entries entry ON entry.user_id = users.id
      GROUP BY users.id
     HAVING COUNT(entry.id) <> MAX(users.balance <> 0) OR COALESCE(SUM(entry.amount), 0) <> MAX(users.balance)`,
  );
  expect(differing).toEqual([]);
  const [{ size = 0, opened = 0 } = {}] = await database.rows<{ size?: number; opened?: number }>(
    "SELECT COUNT(*) AS size, COUNT(CASE WHEN kind = 'OPENING' AND order_id IS NULL THEN 1 END) AS opened FROM balance_entries",
  );
  expect({ size, opened }).toEqual({ size: USERS - Math.ceil(USERS / 7), opened: size });
}

describe('the migration', () => {
  it('opens every balance but those of nothing', async () => {
    await run();
    await expectAllOpened();
  });

  it('goes on where it was interrupted, and opens none twice', async () => {
    expect(
      await database.change('DELETE FROM balance_entries WHERE user_id > 5000 AND user_id % 2 = 0'),
    ).toBeGreaterThan(0);
    await run();
    await expectAllOpened();
    await run();
    await expectAllOpened();
  });
});
