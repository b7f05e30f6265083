/**
 * npm test [-- arguments of Jest]: the whole suite on Redis and MySQL servers of its own, which it throws away.
 * npm run test:mysql8: integration and end-to-end tests on a real MySQL 8, without those of test/any-database.mjs.
 * npm run test:cluster: those on sets of several instances, Redis servers and databases, which they start themselves.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './services/build.mjs';
import { exitCodeOf, whenAskedToEnd } from './services/ending.mjs';
import { errorMessage } from './services/messages.mjs';
import { mysql8, MySql8Unavailable } from './services/mysql8.mjs';
import { testProfile } from './services/profile.mjs';
import { projectDir } from './services/project.mjs';
import { provision } from './services/provision.mjs';
import { beginRun, runAndThrowAway } from './services/test-run.mjs';
import { ANY_DATABASE } from '../test/any-database.mjs';

/** @import { ChildProcess } from 'node:child_process' */
/** @import { Services } from './services/provision.mjs' */

const onMySql8 = process.argv.includes('--mysql8');
const onClusters = process.argv.includes('--cluster');
if (onMySql8) process.env['FIRSTCOME_MYSQL_FLAVOUR'] = 'mysql8';
if (onClusters) process.env['FIRSTCOME_TEST_CLUSTER'] = 'true';
const jestArguments = process.argv.slice(2).filter((word) => !['--mysql8', '--cluster', '--'].includes(word));
const profile = testProfile();
const resultFile = join(profile.dir, 'result.txt');

/** @type {ChildProcess | undefined} */
let jest;

whenAskedToEnd(() => jest?.kill('SIGTERM'));
await runAndThrowAway(profile, run);

async function run() {
  try {
    refuseForeignDatabase();
    if (onMySql8) await mysql8(console.error);
    await beginRun(profile);
    await ensureBuilt(console.error);
    const code = await runJest(onClusters ? [] : await provisionWorkers());
    console.log(existsSync(resultFile) ? readFileSync(resultFile, 'utf8').trim() : 'Jest ended without a result');
    return code;
  } catch (error) {
    console.error(errorMessage(error));
    return error instanceof MySql8Unavailable ? 0 : 1;
  }
}

/** The tests delete what they find. */
function refuseForeignDatabase() {
  const url = process.env['DATABASE_URL'];
  if (!url || onClusters) return;
  if (onMySql8) throw new Error('test:mysql8 starts its own MySQL 8; unset DATABASE_URL');
  const database = URL.canParse(url) ? new URL(url).pathname.slice(1) : '';
  if (!database.includes('test')) {
    throw new Error(
      `The tests would delete data: DATABASE_URL must name a database with "test" in its name, not "${database}"`,
    );
  }
}

/** Patterns of the specs that a MySQL 8 could tell nothing new. */
function anyDatabase() {
  return ANY_DATABASE.map((name) => {
    const file = join('test', `${name}.spec.ts`);
    if (!existsSync(join(projectDir, file))) throw new Error(`test/any-database.mjs names ${file}, which is not there`);
    return `/${file}$`;
  });
}

/** Servers for each of Jest's workers: a spec that uses those of the run has them to itself. */
async function provisionWorkers() {
  const services = await provision(profile, console.error);
  // Two workers, since the specs wait half of the time; but one where the servers are given, or Docker's.
  if (Object.values(services).some(({ mode }) => mode !== 'private')) return [services];
  return [
    services,
    await provision({ ...profile, name: `${profile.name}-second`, dir: join(profile.dir, 'second') }, console.error),
  ];
}

/** @type {(servicesOfWorkers: Services[]) => Promise<number>} */
function runJest(servicesOfWorkers) {
  const args = [
    '--experimental-vm-modules',
    '--no-warnings',
    join(projectDir, 'node_modules', 'jest', 'bin', 'jest.js'),
    ...jestArguments,
    ...(onMySql8 && jestArguments.length === 0 ? ['--testPathIgnorePatterns', ...anyDatabase()] : []),
    // After the given ones, since these options take every word that follows.
    '--reporters',
    'default',
    join(projectDir, 'scripts', 'jest-result.mjs'),
    ...(onMySql8 ? ['--selectProjects', 'integration', 'e2e'] : []),
  ];
  const child = spawn(process.execPath, args, {
    cwd: projectDir,
    stdio: 'inherit',
    env: {
      ...process.env,
      NODE_ENV: 'test',
      FIRSTCOME_TEST_SERVERS: JSON.stringify(
        servicesOfWorkers.map(({ redis, mysql }) => ({ REDIS_URL: redis.url, DATABASE_URL: mysql.url })),
      ),
      FIRSTCOME_TEST_RESULT: resultFile,
    },
  });
  jest = child;
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
}
