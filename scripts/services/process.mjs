/** Processes of the operating system: alive or not, whose they are, how to end them. */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** @import { SpawnOptionsWithoutStdio } from 'node:child_process' */

/** Whether a process runs. A zombie does not. @param {number} pid */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
  }
  // Where nobody reaps orphans (a container without an init) signal 0 reaches a dead server for ever.
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const ended = /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
    // The first thread may be gone while the others still hold files and ports.
    return !ended || readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return process.platform !== 'linux';
  }
}

/**
 * Whether the process works in this directory. Both servers change into their data directory, so this tells ours from
 * a stranger that inherited the process id.
 * @type {(pid: number, dir: string) => boolean}
 */
export function worksIn(pid, dir) {
  try {
    return workingDirectory(pid) === realpathSync(dir);
  } catch {
    return false;
  }
}

/** Whether the system does not tell us where a process works, since it is another user's. @param {number} pid */
export function isHidden(pid) {
  try {
    return workingDirectory(pid) === undefined;
  } catch (error) {
    return process.platform !== 'linux' || errorCode(error) === 'EACCES';
  }
}

/** @param {number} pid */
function workingDirectory(pid) {
  if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`);
  const answer = execFileSync('lsof', ['-a', '-p', String(pid), '-d', 'cwd', '-Fn'], { encoding: 'utf8' });
  return /^n(.*)$/m.exec(answer)?.[1];
}

/** The user that a process runs as, null for one that is gone. @param {number} pid @returns {number | null} */
export function ownerOf(pid) {
  try {
    if (process.platform === 'linux') return statSync(`/proc/${pid}`).uid;
    return Number(execFileSync('ps', ['-o', 'uid=', '-p', String(pid)], { encoding: 'utf8' }));
  } catch {
    return null;
  }
}

/** Of a user's number. @param {number} uid */
export function userName(uid) {
  try {
    return execFileSync('id', ['-nu', String(uid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return `user ${uid}`;
  }
}

/** A process that is already gone is no error. @type {(pid: number, signal: NodeJS.Signals) => void} */
export function sendSignal(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

/** False when it still runs after the time given. @type {(pid: number, timeoutMs: number) => Promise<boolean>} */
export async function waitForEnd(pid, timeoutMs) {
  const deadline = Date.now() + timeoutMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await sleep(10);
  }
  return true;
}

/** SIGTERM, woken if it was frozen by SIGSTOP, and SIGKILL when that takes too long. @type {(pid: number, patienceMs?: number) => Promise<void>} */
export async function stopProcess(pid, patienceMs = 15_000) {
  sendSignal(pid, 'SIGTERM');
  sendSignal(pid, 'SIGCONT');
  if (await waitForEnd(pid, patienceMs)) return;
  sendSignal(pid, 'SIGKILL');
  if (!(await waitForEnd(pid, 5_000))) throw new Error(`process ${pid} does not end, even by SIGKILL`);
}

/**
 * Runs a program to its end. Its output is long, and shown only when it fails; the code is null after a signal.
 * @type {(command: string, args: readonly string[], options?: SpawnOptionsWithoutStdio) =>
 *   Promise<{ code: number | null, output: string }>}
 */
export function runQuietly(command, args, options) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output: output.trim() }));
  });
}

/** The end of a long output, for a message. @param {string} text */
export function lastLines(text) {
  return text.trim().split('\n').slice(-15).join('\n') || '(nothing)';
}

/** The `code` of a Node error such as ENOENT; undefined for any other value. @param {unknown} error */
export function errorCode(error) {
  // Inside Jest the errors of Node's own modules are no `instanceof Error`: they come from another realm.
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

/** What an error says. Node's AggregateError, of a host with several addresses, says nothing by itself. @type {(error: unknown) => string} */
export function errorText(error) {
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map((each) => errorText(each)).join(', ');
  return error instanceof Error ? error.message || String(errorCode(error)) : String(error);
}
