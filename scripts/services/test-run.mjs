/** A run that throws its servers away: of the tests, the benchmark, or the load tests with --fresh. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { composeRemove } from './docker.mjs';
import { whenAskedToEnd } from './ending.mjs';
import { errorMessage } from './messages.mjs';
import { isAlive, sendSignal, waitForEnd } from './process.mjs';
import { RUN_DIR_VARIABLE, servicesDir } from './project.mjs';
import { removeTree } from './remove-tree.mjs';
import { pidIn } from './server-process.mjs';
import { usesDocker } from './state.mjs';

/** @import { Profile } from './profile.mjs' */

/**
 * Does what a command is for, which answers with the exit code, until it is done or asked to end. Then this process
 * ends, with everything that the run has started: whatever the interrupted work still waits for has been ended, too.
 * @type {(profile: Profile, work: () => Promise<number>) => Promise<void>}
 */
export async function runAndThrowAway(profile, work) {
  /** @type {Promise<number>} */
  const interruption = new Promise((resolve) => whenAskedToEnd(resolve));
  process.exitCode = await Promise.race([work(), interruption]);
  await cleanUp(profile).catch((/** @type {unknown} */ error) => console.error(errorMessage(error)));
  process.exit();
}

/** Makes the run's directory and sets the variable; cleans up after dead runs. @param {Profile} profile */
export async function beginRun(profile) {
  await cleanUpDeadRuns(profile);
  mkdirSync(profile.dir, { recursive: true });
  process.env[RUN_DIR_VARIABLE] = profile.dir;
}

/** Kills every process of a run, since its data goes too, and deletes its directory. @param {Profile} profile */
export async function cleanUp(profile) {
  const pids = new Set([...serversBelow(profile.dir), ...markedProcesses(profile.dir)]);
  pids.delete(process.pid);
  for (const pid of pids) sendSignal(pid, 'SIGKILL');
  await Promise.all([...pids].map((pid) => waitForEnd(pid, 5_000)));
  if (usesDocker(profile.dir)) await composeRemove(profile);
  if (existsSync(profile.dir)) await removeTree(profile.dir);
}

/** Cleans up after runs whose process is gone. @param {Profile} profile */
export async function cleanUpDeadRuns(profile) {
  if (!existsSync(servicesDir)) return;
  for (const name of readdirSync(servicesDir)) {
    const pid = /^(?:test|load)-(\d+)(?:\.deleted-.*)?$/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) await cleanUp({ ...profile, name, dir: join(servicesDir, name) });
  }
}

/** @param {string} dir */
function serversBelow(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('server.pid'))
    .map((file) => pidIn(dirname(join(dir, file))))
    .filter((pid) => pid !== null);
}

/** Apps that tests spawned and did not end. Linux only; elsewhere there is no telling. @param {string} dir */
function markedProcesses(dir) {
  if (process.platform !== 'linux') return [];
  const mark = `\0${RUN_DIR_VARIABLE}=${dir}\0`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => `\0${environmentOf(pid)}\0`.includes(mark));
}

/** @param {number} pid */
function environmentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
