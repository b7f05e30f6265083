import { beforeAll, expect, it } from '@jest/globals';
import { openDatabase, openDataSource, type TestDatabase } from '../support/database.js';
import { createOwnSchema } from '../support/own-schema.js';

/** What Galera wants of a schema: it replicates InnoDB alone, and finds a row that is to be deleted by its key. */

let schema: string;
let database: TestDatabase;

beforeAll(async () => {
  const url = await createOwnSchema('schema');
  schema = new URL(url).pathname.slice(1);
  database = openDatabase(url);
  await openDataSource({ url });
});

it('has a primary key for every table, all of which are of InnoDB', async () => {
  const tables = await database.rows<{ name: string; engine: string; keys: number }>(
    `SELECT t.table_name AS name, t.engine AS engine,
            (SELECT COUNT(*) FROM information_schema.table_constraints c
              WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name
                AND c.constraint_type = 'PRIMARY KEY') AS \`keys\`
       FROM information_schema.tables t WHERE t.table_schema = ? AND t.table_type = 'BASE TABLE'`,
    [schema],
  );
  expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['coupons', 'schema_migrations']));
  expect(tables.filter(({ keys, engine }) => keys !== 1 || engine !== 'InnoDB')).toEqual([]);
});
