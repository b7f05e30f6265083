import { beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { atEndOfFile } from '../support/cleanup.js';
import { openDatabase, testDatabaseUrl, type TestDatabase } from '../support/database.js';
import { runCommand } from '../support/run-command.js';

const COMMAND = fileURLToPath(new URL('../../dist/migrate.js', import.meta.url));
const SCHEMA = 'firstcome_migrate_test';

let server: TestDatabase;
let url: string;

beforeAll(async () => {
  server = openDatabase();
  await server.change(`DROP DATABASE IF EXISTS ${SCHEMA}`);
  atEndOfFile(async () => void (await server.change(`DROP DATABASE ${SCHEMA}`)));
  await server.change(`CREATE DATABASE ${SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  url = testDatabaseUrl().replace(/[^/]+$/, SCHEMA);
});

/** Runs the command as the README has it, with nothing else in the environment; how it ended and what it said. */
async function migrate(
  env: Record<string, string>,
  words: readonly string[] = [],
): Promise<{ code: number | null; out: string }> {
  const { code, all } = await runCommand(COMMAND, words, { NODE_ENV: 'production', ...env });
  return { code, out: all };
}

describe('npm run migrate', () => {
  it('brings an empty schema up to date, in production and with nothing but its address', async () => {
    const { code, out } = await migrate({ DATABASE_URL: url });
    expect(out).toMatch(/^migrated: \w+(, \w+)+\n$/);
    expect(code).toBe(0);
    const tables = await server.rows<{ name: string }>(
      'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ?',
      [SCHEMA],
    );
    expect(tables.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['coupons', 'user_coupons', 'issuance_failures', 'orders']),
    );
  });

  it('finds nothing left to do the second time', async () => {
    expect(await migrate({ DATABASE_URL: url })).toEqual({ code: 0, out: 'nothing to migrate\n' });
  });

  it('has nothing to unlock on a server that stands alone', async () => {
    expect(await migrate({ DATABASE_URL: url }, ['--unlock'])).toEqual({
      code: 0,
      out: 'nothing to unlock: the server is no node of a Galera cluster\n',
    });
  });

  it('ends, and migrates nothing, when it is asked for what it does not know', async () => {
    expect(await migrate({ DATABASE_URL: url }, ['--force'])).toEqual({
      code: 2,
      out: 'usage: npm run migrate [-- --unlock]\n',
    });
  });

  it('is refused where the setting says Galera and the server is none', async () => {
    const { code, out } = await migrate({ DATABASE_URL: url, DATABASE_GALERA: 'on' });
    expect(out).toContain(
      'database.galera (DATABASE_GALERA) is "on": must be auto or off, since the server is no node',
    );
    expect(code).toBe(1);
  });

  it.each([
    ['no address', {}, 'database.url (DATABASE_URL) is missing: must be mysql://user:password@host:port/schema'],
    [
      'an address that is none',
      { DATABASE_URL: 'postgres://u:s3cret@h/d' },
      'database.url (DATABASE_URL) is not valid: must be',
    ],
    [
      'an unknown profile',
      { DATABASE_URL: 'mysql://u@h/d', NODE_ENV: 'staging' },
      'NODE_ENV is "staging": must be one of',
    ],
  ])('says what is wrong with %s, and ends with 1', async (_what, env, expected) => {
    const { code, out } = await migrate(env);
    expect(out).toContain(expected);
    expect(out).not.toContain('s3cret');
    expect(code).toBe(1);
  });
});
