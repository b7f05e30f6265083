/** The database programs of this machine and how each kind wants to be called. */
import { execFileSync } from 'node:child_process';
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

/** Fills an empty data directory. @param {MySqlBinaries} binaries @param {Pick<Files, 'data' | 'temporary'>} at */
export function initialiseCommand(binaries, at) {
  const args = ['--no-defaults', ...asRoot(), `--datadir=${at.data}`, `--tmpdir=${at.temporary}`];
  if (!binaries.installer)
    return { binary: binaries.server, args: [...args, '--initialize-insecure', ...unpacked(binaries)] };
  const settings = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'];
  return { binary: binaries.installer, args: [...args, ...settings] };
}

/** Of a server on 127.0.0.1. @type {(binaries: MySqlBinaries, at: Files & { port: number }) => string[]} */
export function serverArguments(binaries, at) {
  return [
    '--no-defaults',
    ...asRoot(),
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

/** Both servers refuse to run as root unless told so. */
function asRoot() {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

/** @param {MySqlBinaries} binaries */
function unpacked({ basedir }) {
  return basedir ? [`--basedir=${basedir}`, `--lc-messages-dir=${basedir}/share`] : [];
}
