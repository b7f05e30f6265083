/** The database programs of this machine and how each kind wants to be called. */
import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { findBinary } from './binaries.mjs';

/**
 * `installer`: mariadb-install-db; MySQL initialises itself. `basedir`: where an unpacked MySQL lives.
 * @typedef {{ kind: 'mariadb' | 'mysql', server: string, installer?: string, basedir?: string }} MySqlBinaries
 */

/** @typedef {Record<'data' | 'temporary' | 'socket' | 'pid' | 'log' | 'initFile', string>} Files */

/** MariaDB or MySQL as installed here, null where there is none. @returns {MySqlBinaries | null} */
export function findMySql() {
  const server = findBinary('mariadbd', 'mysqld');
  if (!server) return null;
  if (!isMariaDb(server)) return { kind: 'mysql', server };
  const installer = findBinary('mariadb-install-db', 'mysql_install_db');
  return installer ? { kind: 'mariadb', server, installer } : null;
}

/** @param {string} server */
function isMariaDb(server) {
  // Debian's mysqld is a link to mariadbd, so the name says nothing.
  return /mariadb/i.test(execFileSync(server, ['--no-defaults', '--version'], { encoding: 'utf8' }));
}

/**
 * Fills an empty data directory; to be run in the one above it.
 * @type {(binaries: MySqlBinaries, data: string, isRoot?: boolean) => { binary: string, args: string[] }}
 */
export function initialiseCommand(binaries, data, isRoot) {
  const args = ['--no-defaults', ...asRoot(isRoot)];
  if (!binaries.installer) {
    const settings = [`--datadir=${data}`, '--initialize-insecure', ...unpacked(binaries)];
    return { binary: binaries.server, args: [...args, ...settings] };
  }
  const settings = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'];
  // A shell script, which breaks a path with a space in two.
  return { binary: binaries.installer, args: [...args, `--datadir=./${basename(data)}`, ...settings] };
}

/**
 * Of a server on 127.0.0.1.
 * @type {(binaries: MySqlBinaries, at: Files & { port: number }, isRoot?: boolean) => string[]}
 */
export function serverArguments(binaries, at, isRoot) {
  return [
    '--no-defaults',
    ...asRoot(isRoot),
    `--datadir=${at.data}`,
    // Of its own: at its start MariaDB deletes every temporary table there, those of other servers that run too.
    `--tmpdir=${at.temporary}`,
    ...unpacked(binaries),
    `--socket=${at.socket}`,
    `--pid-file=${at.pid}`,
    `--port=${at.port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    '--skip-log-bin',
    ...(binaries.kind === 'mysql' ? ['--mysqlx=OFF'] : []),
    `--log-error=${at.log}`,
    `--init-file=${at.initFile}`,
  ];
}

/** Both servers refuse to run as root unless told so. @param {boolean} [isRoot] whether the server will, as we do */
function asRoot(isRoot = process.getuid?.() === 0) {
  return isRoot ? ['--user=root'] : [];
}

/** @param {MySqlBinaries} binaries */
function unpacked({ basedir }) {
  return basedir ? [`--basedir=${basedir}`, `--lc-messages-dir=${basedir}/share`] : [];
}
