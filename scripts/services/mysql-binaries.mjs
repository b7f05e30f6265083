/** The database programs of this machine and how each kind wants to be called. */
import { execFileSync } from 'node:child_process';
import { findBinary } from './binaries.mjs';

/**
 * @typedef {object} MySqlBinaries
 * @property {'mariadb' | 'mysql'} kind
 * @property {string} server       mariadbd or mysqld
 * @property {string} [installer]  mariadb-install-db; MySQL initialises itself
 * @property {string} [basedir]    where an unpacked MySQL lives, when it is not installed in its own place
 */

/**
 * MariaDB or MySQL as installed here, null where there is none.
 * @returns {MySqlBinaries | null}
 */
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
 * The command that fills an empty data directory.
 * @param {MySqlBinaries} binaries
 * @param {{ data: string, temporary: string }} at  see `serverArguments` for the temporary directory
 * @returns {{ binary: string, args: string[] }}
 */
export function initialiseCommand(binaries, at) {
  if (binaries.installer) {
    const args = [
      '--no-defaults',
      ...asRoot(),
      `--datadir=${at.data}`,
      `--tmpdir=${at.temporary}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
    ];
    return { binary: binaries.installer, args };
  }
  const directories = [`--datadir=${at.data}`, `--tmpdir=${at.temporary}`];
  const args = ['--no-defaults', ...asRoot(), '--initialize-insecure', ...directories, ...unpacked(binaries)];
  return { binary: binaries.server, args };
}

/**
 * The arguments of a server that listens on 127.0.0.1. It needs a temporary directory of its own: at its start MariaDB
 * deletes every temporary table there, those of other servers that run too.
 * @param {MySqlBinaries} binaries
 * @param {{ data: string, temporary: string, socket: string, pid: string, log: string, initFile: string, port: number }} at
 */
export function serverArguments(binaries, at) {
  return [
    '--no-defaults',
    ...asRoot(),
    `--datadir=${at.data}`,
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

/** Both servers refuse to run as root unless told so. */
function asRoot() {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

/** @param {MySqlBinaries} binaries */
function unpacked({ basedir }) {
  return basedir ? [`--basedir=${basedir}`, `--lc-messages-dir=${basedir}/share`] : [];
}
