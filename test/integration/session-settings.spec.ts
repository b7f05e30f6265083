import { beforeAll, describe, expect, it } from '@jest/globals';
import mysql2, { type Connection } from 'mysql2';
import type { GaleraMode } from '../../src/platform/config/config.schema.js';
import { openPool } from '../../src/platform/database/data-source-options.js';
import { isCausal } from '../../src/platform/database/galera/causal-session.js';
import { LoneConnection } from '../../src/platform/database/lone-connection.js';
import { NotGaleraError } from '../../src/platform/database/pool/pool-errors.js';
import { prepareSession } from '../../src/platform/database/session-settings.js';
import { atEndOfFile } from '../support/cleanup.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/poll.js';
import { startPrivateMysql } from '../support/servers.js';

/** What a server may do to every session: by its options, and by `init_connect` to users who are no administrators. */
const HOSTILE_OPTIONS = [
  '--sql-mode=NO_BACKSLASH_ESCAPES',
  '--skip-character-set-client-handshake',
  '--character-set-server=gbk',
  '--default-time-zone=+09:00',
];
const HOSTILE_INIT_CONNECT =
  'SET NAMES gbk, autocommit = 0, completion_type = 1, unique_checks = 0, foreign_key_checks = 0, sql_select_limit = 1';

const WANTED = {
  autocommit: 'ON',
  character_set_client: 'utf8mb4',
  character_set_connection: 'utf8mb4',
  character_set_results: 'utf8mb4',
  collation_connection: 'utf8mb4_unicode_ci',
  completion_type: 'NO_CHAIN',
  foreign_key_checks: 'ON',
  sql_mode: expect.stringMatching(/^(?!.*NO_BACKSLASH_ESCAPES).*STRICT_TRANS_TABLES/),
  sql_select_limit: '18446744073709551615',
  time_zone: '+00:00',
  unique_checks: 'ON',
};

let database: TestDatabase;
/** Of a user whom `init_connect` concerns. */
let url: string;

beforeAll(async () => {
  const server = await startPrivateMysql({ extraArgs: HOSTILE_OPTIONS });
  database = openDatabase(server.url);
  const guest = new URL(server.url);
  await database.change(`CREATE USER guest@'127.0.0.1' IDENTIFIED BY 'guest'`);
  await database.change(`GRANT ALL ON ${guest.pathname.slice(1)}.* TO guest@'127.0.0.1'`);
  await database.change(`SET GLOBAL init_connect = '${HOSTILE_INIT_CONNECT}'`);
  guest.username = 'guest';
  guest.password = 'guest';
  url = guest.href;
});

interface Variable {
  readonly Variable_name: string;
  readonly Value: string;
}

async function sessionOf(connection: Connection): Promise<Record<string, string>> {
  const [rows] = await connection
    .promise()
    .query(`SHOW SESSION VARIABLES WHERE Variable_name IN (?)`, [Object.keys(WANTED)]);
  return Object.fromEntries((rows as Variable[]).map(({ Variable_name, Value }) => [Variable_name, Value]));
}

/** A connection of a pool as the application opens it; `limits` are further settings. */
async function borrow(limits: string[] = [], galera: GaleraMode = 'auto'): Promise<mysql2.PoolConnection> {
  const pool = openPool({ uri: url }, galera, limits);
  atEndOfFile(() => pool.promise().end());
  return await new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => (error === null ? resolve(connection) : reject(error)));
  });
}

describe('whatever the server and its init_connect have set', () => {
  it('every connection of the pool has the same session', async () => {
    const connection = await borrow();
    expect(await sessionOf(connection)).toEqual(WANTED);
    connection.release();
  });

  it('so has a connection of its own', async () => {
    const connection = mysql2.createConnection({ uri: url });
    atEndOfFile(async () => connection.destroy());
    prepareSession(connection, 'auto');
    expect(await sessionOf(connection)).toEqual(WANTED);
  });

  it('so has the one beside the pool', async () => {
    const connection = new LoneConnection({ url, tls: { mode: 'off' }, galera: 'auto', connectTimeoutMs: 3000 });
    atEndOfFile(async () => connection.close());
    const differs =
      "@@sql_mode LIKE '%NO_BACKSLASH_ESCAPES%' OR @@character_set_client <> 'utf8mb4' OR @@autocommit = 0";
    await connection.run([`SET @answer = IF(${differs}, (SELECT 1 UNION SELECT 2), 0)`]);
  });

  it.each([
    ['quotes', `O'Reilly "and" \`others\``],
    ['backslashes', String.raw`C:\new\'table\" \\ \0 \% \_`],
    ['a quote behind what the other character set takes for half a character', "각' OR ''='"],
    ['any script', '쿠폰 优惠券 クーポン 🎟️ Ω'],
    ['a NUL, a line feed and a Control-Z', 'a\0b\nc\u001ad'],
  ])('text with %s comes as it was sent', async (_what, text) => {
    const connection = await borrow();
    const [rows] = await connection.promise().query('SELECT ? AS text, CHAR_LENGTH(?) AS length', [text, text]);
    expect(rows).toEqual([{ text, length: Array.from(text).length }]);
    connection.release();
  });
});

describe('a server that is no node of a Galera cluster', () => {
  it.each(['auto', 'off'] as const)('is what it is with database.galera %s', async (galera) => {
    const connection = await borrow([], galera);
    await connection.promise().query('SELECT 1');
    expect(isCausal(connection)).toBe(false);
    connection.release();
  });

  it('is not used with database.galera on, by the pool as beside it', async () => {
    const connection = await borrow([], 'on');
    await expect(connection.promise().query('SELECT 1')).rejects.toThrow(NotGaleraError);
    connection.release();
    const beside = new LoneConnection({ url, tls: { mode: 'off' }, connectTimeoutMs: 3000, galera: 'on' });
    atEndOfFile(async () => beside.close());
    await expect(beside.run(['SELECT 1'])).rejects.toThrow(NotGaleraError);
  });
});

describe('a connection that refuses one of its settings', () => {
  const REFUSED = 'SET SESSION no_such_variable = 1';
  const INSERT = "INSERT INTO products (name, price, stock) VALUES ('of a refused connection', 1, 1)";
  const INSERTED = "SELECT id FROM products WHERE name = 'of a refused connection'";

  it('is broken off, and never sends the first statement of its borrower', async () => {
    const connection = await borrow([REFUSED]);
    const threadId = connection.threadId;
    await expect(connection.promise().query(INSERT)).rejects.toMatchObject({ errno: 1193 });
    const isThere = 'SELECT 1 FROM information_schema.processlist WHERE id = ?';
    await eventually(async () => expect(await database.rows(isThere, [threadId])).toEqual([]));
    expect(await database.rows(INSERTED)).toEqual([]);
  });

  it('is not given to anyone else', async () => {
    const connection = await borrow([REFUSED]);
    connection.release();
    await eventually(() => expect(connection.state).toBe('error'));
  });

  it('sends that statement when nothing is refused', async () => {
    const connection = await borrow();
    await connection.promise().query(INSERT);
    expect(await database.rows(INSERTED)).toHaveLength(1);
    connection.release();
  });
});
