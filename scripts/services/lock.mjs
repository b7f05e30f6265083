/** A lock between processes: a directory that its holder keeps touching. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { errorCode } from './process.mjs';

/*
 * A holder that was killed no longer touches its lock, and ten seconds later the lock is taken over. A living one
 * touches it every second, which is as often as the library does it. So its event loop may stand still for up to nine
 * seconds: work under a lock waits for child processes and for copying and deleting, it does not block for them.
 */
const TIMES = { stale: 10_000, update: 1_000 };
const POLL_MS = 50;

/**
 * Runs the work while no other process does anything under the same lock; waits for its turn. The lock ends with the
 * work, and with the process. Throws when it was lost: this process was suspended, and another one took the lock over.
 * @type {<T>(lockDir: string, work: () => Promise<T>) => Promise<T>}
 */
export async function withLock(lockDir, work) {
  mkdirSync(dirname(lockDir), { recursive: true });
  let isLost = false;
  const release = await take(lockDir, () => (isLost = true));
  try {
    const result = await work();
    if (isLost) throw new Error(`The lock ${lockDir} was lost; run this again`);
    return result;
  } finally {
    if (!isLost) await release();
  }
}

/** @type {(lockDir: string, onCompromised: () => void) => Promise<() => Promise<void>>} */
async function take(lockDir, onCompromised) {
  for (;;) {
    try {
      return await lock(lockDir, { ...TIMES, realpath: false, lockfilePath: lockDir, onCompromised });
    } catch (error) {
      // The library's own retries would wait for ever on a directory that belongs to another user, too.
      if (errorCode(error) !== 'ELOCKED') throw error;
      await sleep(POLL_MS);
    }
  }
}
