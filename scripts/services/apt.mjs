/** Debian's and Ubuntu's packages, where we may install them. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary } from './binaries.mjs';
import { withLock } from './lock.mjs';
import { lastLines } from './process.mjs';
import { RUN_DIR_VARIABLE, servicesDir } from './project.mjs';

/** @import { Say } from './messages.mjs' */

/** English, since we read what they say; and no question. */
const SETTINGS = ['LC_ALL=C', 'DEBIAN_FRONTEND=noninteractive'];
const INTERRUPTED = 'dpkg was interrupted';

/**
 * What `find` finds. Where that is nothing (a falsy value) the packages are installed, as root or with password-less
 * sudo, and it is asked once more; where we may not install it stays with nothing. While another process of this
 * checkout installs, it waits: a program is there before what it needs is.
 * @template T
 * @param {() => T | Promise<T>} find
 * @param {string[]} packages
 * @param {Say} say told before something is installed
 * @returns {Promise<T>}
 */
export function findOrInstall(find, packages, say) {
  return withLock(join(servicesDir, 'packages.lock'), async () => {
    const found = await find();
    if (found) return found;
    const prefix = asRoot();
    if (!prefix || !findBinary('apt-get')) return found;
    await install(prefix, packages, say);
    return find();
  });
}

/**
 * Where an installation before this one was interrupted, that is finished first: apt-get does nothing until it is.
 * @type {(prefix: string[], packages: string[], say: Say) => Promise<void>}
 */
async function install(prefix, packages, say) {
  const asked = [...prefix, 'env', ...SETTINGS];
  const aptGet = [...asked, 'apt-get', '-o', 'DPkg::Lock::Timeout=300', '-q', '-y'];
  const wanted = [...aptGet, 'install', '--no-install-recommends', ...packages];
  say(`Installing ${packages.join(' and ')} with apt-get`);
  await succeed([...aptGet, 'update']);
  const first = await runUndisturbed(wanted);
  if (first.code === 0) return;
  if (!first.output.includes(INTERRUPTED)) throw failure(wanted, first);
  say('An installation before this one was interrupted: dpkg --configure -a finishes it');
  // What it cannot configure, since something that it depends on is missing, is for apt-get to complete.
  await runUndisturbed([...asked, 'dpkg', '--configure', '-a']);
  await succeed([...aptGet, 'install', '--fix-broken']);
  await succeed(wanted);
}

/** What to put before a command that needs root, null when we cannot be root. */
function asRoot() {
  if (process.getuid?.() === 0) return [];
  try {
    execFileSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
    return ['sudo', '-n'];
  } catch {
    return null;
  }
}

/** @param {string[]} call */
async function succeed(call) {
  const ended = await runUndisturbed(call);
  if (ended.code !== 0) throw failure(call, ended);
}

/** @param {string[]} call @param {{ code: number | null, output: string }} ended */
function failure(call, { code, output }) {
  return new Error(`\`${call.join(' ')}\` failed with code ${code}:\n${lastLines(output)}`);
}

/**
 * Runs a program that goes on to its end whatever becomes of us: packages that are installed by half stop every
 * installation after it. So Ctrl-C does not reach it (it has a session of its own), nor does the end of a run, which
 * kills what bears its mark, and it writes into a file, since a pipe breaks with its reader.
 * @param {string[]} call
 * @returns {Promise<{ code: number | null, output: string }>}
 */
async function runUndisturbed([command = '', ...args]) {
  const { [RUN_DIR_VARIABLE]: _mark, ...env } = process.env;
  const dir = mkdtempSync(join(tmpdir(), 'firstcome-apt-'));
  const file = join(dir, 'output.txt');
  const output = openSync(file, 'w');
  try {
    const child = spawn(command, args, { detached: true, env, stdio: ['ignore', output, output] });
    const [code] = await once(child, 'close');
    return { code, output: readFileSync(file, 'utf8').trim() };
  } finally {
    closeSync(output);
    rmSync(dir, { recursive: true, force: true });
  }
}
