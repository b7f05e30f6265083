/** A private MariaDB or MySQL: real binaries, durable unless told otherwise, bound to 127.0.0.1. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import mysql from 'mysql2/promise';
import { withLock } from './lock.mjs';
import { findMySql, initialiseCommand, serverArguments } from './mysql-binaries.mjs';
import { mysql8 } from './mysql8.mjs';
import { removeTree } from './remove-tree.mjs';
import { serverFiles, startServer } from './server-process.mjs';

/** @import { MySqlBinaries } from './mysql-binaries.mjs' */
/** @typedef {'installed' | 'mysql8'} Flavour `installed`: what this machine has; `mysql8`: MySQL 8.0.15 of the tests */

const run = promisify(execFile);

/* A password although nothing needs guarding: MySQL's caching_sha2_password takes another path with one over TCP. */
const USER = 'firstcome';
const PASSWORD = 'firstcome';

const UNFINISHED = 'unfinished-';

/* Of a template: it is preallocated, and most of what is copied. Never another one, or MySQL builds the log anew. */
const SMALL_LOG = ['--innodb-log-file-size=16M'];

/** sockaddr_un holds 108 bytes, macOS 104. */
const LONGEST_SOCKET_PATH = 100;

/** Of this run: `npm run test:mysql8` sets FIRSTCOME_MYSQL_FLAVOUR. @returns {Flavour} */
export function defaultFlavour() {
  return process.env['FIRSTCOME_MYSQL_FLAVOUR'] === 'mysql8' ? 'mysql8' : 'installed';
}

/** Of the account that {@link initStatements} create. @type {(port: number, database: string) => string} */
export function mysqlUrl(port, database) {
  return `mysql://${USER}:${PASSWORD}@127.0.0.1:${port}/${database}`;
}

/**
 * Starts MariaDB or MySQL on a directory of its own, which is initialised when new, and makes sure that the schema
 * exists as utf8mb4. Resolves when a client can log in. The same dir and port bring a server back after its end.
 * `durable: false` makes commits faster and is for servers that nobody kills. `template` is for those who start many:
 * the directory is initialised there, once, with a small log, and copied.
 * @param {{ dir: string, database: string, port?: number, flavour?: Flavour, durable?: boolean, template?: string,
 *   extraArgs?: string[] }} options
 */
export async function startMysql(options) {
  const { database, port, flavour = defaultFlavour(), durable = true, template, extraArgs = [] } = options;
  const dir = resolve(options.dir);
  const binaries = flavour === 'mysql8' ? await mysql8() : findMySql();
  if (!binaries) throw new Error('MariaDB or MySQL is not installed; run `npm run services -- up` once, it says how');
  const files = {
    ...serverFiles(dir),
    temporary: join(dir, 'tmp'),
    initFile: join(dir, 'init.sql'),
    socket: socketPath(dir),
  };
  mkdirSync(files.temporary, { recursive: true });
  await inPlaceAtOnce(files.data, async (data) => {
    if (template === undefined) return await initialise(binaries, data, files.temporary);
    await withLock(`${template}.lock`, () =>
      inPlaceAtOnce(template, (unfinished) => initialise(binaries, unfinished, files.temporary, SMALL_LOG)),
    );
    await cp(template, data, { recursive: true });
  });
  writeFileSync(files.initFile, initStatements(database));
  const speed = [
    ...(durable ? [] : ['--innodb-flush-log-at-trx-commit=0']),
    ...(template === undefined ? [] : SMALL_LOG),
  ];
  return startServer({
    name: binaries.kind === 'mariadb' ? 'MariaDB' : 'MySQL',
    dir,
    port,
    url: (chosen) => mysqlUrl(chosen, database),
    answers: (chosen) => mysqlAnswers(mysqlUrl(chosen, database), files.data),
    command: (chosen) => ({
      binary: binaries.server,
      args: [...serverArguments(binaries, { ...files, port: chosen }), ...speed, ...extraArgs],
    }),
  });
}

/** Whether one can log in, to a server on that directory if given. @param {string} url @param {string} [dataDir] */
export async function mysqlAnswers(url, dataDir) {
  /** @type {mysql.Connection | undefined} */
  let connection;
  try {
    connection = await mysql.createConnection({ uri: url, connectTimeout: 1_000 });
    const [rows] = await connection.query({ sql: 'SELECT @@datadir AS datadir', timeout: 1_000 });
    const row = Array.isArray(rows) ? rows[0] : undefined;
    if (!row || !('datadir' in row)) return false;
    return dataDir === undefined || realpathSync(String(row.datadir)) === realpathSync(dataDir);
  } catch {
    return false;
  } finally {
    connection?.destroy();
  }
}

/**
 * Fills a directory unless it is there: built beside its place and renamed, so that what is cut off does not leave half
 * a database. The installer outlives us when we are killed and may still write: hence a name of our own.
 * @type {(place: string, fill: (unfinished: string) => Promise<void>) => Promise<void>}
 */
export async function inPlaceAtOnce(place, fill) {
  if (existsSync(place)) return;
  const parent = dirname(place);
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(UNFINISHED)))
    await removeTree(join(parent, name));
  const unfinished = mkdtempSync(join(parent, UNFINISHED));
  await fill(unfinished);
  renameSync(unfinished, place);
}

/** @type {(binaries: MySqlBinaries, data: string, temporary: string, extraArgs?: string[]) => Promise<void>} */
async function initialise(binaries, data, temporary, extraArgs = []) {
  const { binary, args } = initialiseCommand(binaries, data);
  const env = { ...process.env, TMPDIR: temporary };
  await run(binary, [...args, ...extraArgs], { cwd: dirname(data), env });
}

/** Run by the server itself before it takes connections; one statement a line. @param {string} database */
export function initStatements(database) {
  const schema = database.replaceAll('`', '``');
  return [
    `CREATE DATABASE IF NOT EXISTS \`${schema}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;`,
    `CREATE USER IF NOT EXISTS '${USER}'@'127.0.0.1' IDENTIFIED BY '${PASSWORD}';`,
    `GRANT ALL PRIVILEGES ON *.* TO '${USER}'@'127.0.0.1' WITH GRANT OPTION;`,
    '',
  ].join('\n');
}

/** Where the server's local socket is, whose path has a greatest length. @param {string} dir */
export function socketPath(dir) {
  const inPlace = join(dir, 'mysql.sock');
  if (Buffer.byteLength(inPlace) <= LONGEST_SOCKET_PATH) return inPlace;
  return join(tmpdir(), `firstcome-${createHash('sha256').update(dir).digest('hex').slice(0, 16)}.sock`);
}
