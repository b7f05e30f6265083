import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from './process.mjs';

/** Deletes a directory and all in it. @param {string} dir */
export async function removeTree(dir) {
  const prefix = `${basename(dir)}.deleted-`;
  try {
    // Moved aside first: a deletion that is cut off must not leave half a database in its place.
    await rename(dir, join(dirname(dir), `${prefix}${process.pid}-${Date.now()}`));
    for (const name of (await readdir(dirname(dir))).filter((entry) => entry.startsWith(prefix))) {
      // Patient, because a process that is just ending may still put files there.
      await rm(join(dirname(dir), name), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
