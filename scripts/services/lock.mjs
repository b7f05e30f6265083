/** A lock between processes: a file with the holder's process id. A dead holder's lock is taken over. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, isAlive } from './process.mjs';

/** Longer than anything done under a lock, so that a reused process id can not block us for ever. */
const STALE_AFTER_MS = 15 * 60_000;

/**
 * Runs the work while no other process does anything under the same lock; waits for its turn.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, work) {
  mkdirSync(dirname(file), { recursive: true });
  while (!take(file)) {
    if (isStale(file)) discard(file);
    else await sleep(50);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * The file appears with its content, by a hard link: nobody ever reads an empty one.
 * @param {string} file
 */
function take(file) {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, `${process.pid}\n`);
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** @param {string} file */
function isStale(file) {
  try {
    const holder = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return !isAlive(holder) || Date.now() - statSync(file).mtimeMs > STALE_AFTER_MS;
  } catch {
    return false;
  }
}

/**
 * Two processes may find the same stale lock. Renaming lets one of them have it; the other may by then have got hold
 * of the first one's new lock, and puts that back.
 * @param {string} file
 */
function discard(file) {
  const away = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, away);
    if (!isStale(away)) linkSync(away, file);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(away, { force: true });
  }
}
