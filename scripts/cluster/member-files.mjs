/** Where the processes of a set keep their files. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../services/process.mjs';
import { removeTree } from '../services/remove-tree.mjs';
import { pidIn, serverFiles } from '../services/server-process.mjs';

/** @import { Member } from './plan.mjs' */

/** Beside them is the directory of the lock. */
const MEMBER_NAME = /^[a-z]+(?:-\d+)?$/;

/** @type {(setDir: string, member: Pick<Member, 'name'>) => string} */
export function memberDir(setDir, { name }) {
  return join(setDir, name);
}

/** Of the process that runs, null when it does not. @type {(setDir: string, member: Member) => number | null} */
export function memberPid(setDir, member) {
  return pidIn(memberDir(setDir, member));
}

/** What it has printed, and may have written itself. @type {(setDir: string, member: Pick<Member, 'name'>) => string} */
export function memberLog(setDir, member) {
  return serverFiles(memberDir(setDir, member)).log;
}

/** The names of all that ever ran in this directory, of whatever set. @param {string} setDir */
export function namesIn(setDir) {
  try {
    return readdirSync(setDir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && MEMBER_NAME.test(entry.name))
      .map(({ name }) => name);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Deletes all that a process has left but its log. @param {string} dir */
export async function removeAllButLog(dir) {
  const { log } = serverFiles(dir);
  for (const name of readdirSync(dir)) if (join(dir, name) !== log) await removeTree(join(dir, name));
}
