/** What a profile remembers between two calls: `state.json` in its directory. */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, isHidden, ownerOf, userName } from './process.mjs';
import { pidIn, serverFiles } from './server-process.mjs';

/** @typedef {'redis' | 'mysql'} ServiceName */

/**
 * `pid` is what it was; `verifiedPid` tells whether it still is.
 * @typedef {{ mode: 'private' | 'docker', url: string, port: number, pid: number | null }} ServiceRecord
 */

/** @typedef {Partial<Record<ServiceName, ServiceRecord>>} State */

/** @type {readonly ServiceName[]} */
export const SERVICE_NAMES = ['redis', 'mysql'];

/** Where a service of the profile keeps its files. @type {(profileDir: string, name: string) => string} */
export function serviceDir(profileDir, name) {
  return join(profileDir, name);
}

/**
 * Of the profile's private server, null when it does not run. Never a stranger's: it must work in our data directory.
 * @type {(profileDir: string, name: ServiceName) => number | null}
 */
export function verifiedPid(profileDir, name) {
  return pidIn(serviceDir(profileDir, name));
}

/**
 * The server that another user seems to run for this profile: who wrote the pid file runs the process, and we may not
 * see more of it. Null where there is none; throws where we may not even read the pid file.
 * @type {(profileDir: string, name: string) => { pid: number, owner: string } | null}
 */
export function hiddenServer(profileDir, name) {
  const file = serverFiles(serviceDir(profileDir, name)).pid;
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    const owner = pid > 0 ? ownerOf(pid) : null;
    if (owner === null || owner !== statSync(file).uid || !isHidden(pid)) return null;
    return { pid, owner: userName(owner) };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Throws where another user runs a server of the profile, which is not ours to use or to stop. `command` stops it.
 * @type {(profileDir: string, names?: readonly string[], command?: string) => void}
 */
export function refuseHiddenServers(profileDir, names = SERVICE_NAMES, command = 'npm run services -- down') {
  for (const name of names) {
    const server = hiddenServer(profileDir, name);
    if (!server) continue;
    const { pid, owner } = server;
    throw new Error(
      `The ${name} server of this checkout (pid ${pid}) runs as ${owner}. Do this as ${owner}, or have ${owner} stop it first: ${command}`,
    );
  }
}

/** Empty when nothing was ever started, or the file is broken; throws where we may not read it. @type {(profileDir: string) => State} */
export function readState(profileDir) {
  try {
    /** @type {unknown} */
    const parsed = JSON.parse(readFileSync(stateFile(profileDir), 'utf8'));
    return isState(parsed) ? parsed : {};
  } catch (error) {
    if (errorCode(error) === 'EACCES') throw error;
    return {};
  }
}

/** @type {(profileDir: string, name: ServiceName, record: ServiceRecord) => void} */
export function remember(profileDir, name, record) {
  const file = stateFile(profileDir);
  const unfinished = `${file}.unfinished`;
  mkdirSync(profileDir, { recursive: true });
  writeFileSync(unfinished, `${JSON.stringify({ ...readState(profileDir), [name]: record }, null, 2)}\n`);
  renameSync(unfinished, file);
}

/** Whether a service of the profile runs in Docker. @param {string} profileDir */
export function usesDocker(profileDir) {
  return Object.values(readState(profileDir)).some(({ mode }) => mode === 'docker');
}

/** @param {string} profileDir */
function stateFile(profileDir) {
  return join(profileDir, 'state.json');
}

/** @type {(value: unknown) => value is State} */
function isState(value) {
  return typeof value === 'object' && value !== null && Object.values(value).every((record) => isRecord(record));
}

/** @param {unknown} value */
function isRecord(value) {
  if (typeof value !== 'object' || value === null) return false;
  const known = 'mode' in value && (value.mode === 'private' || value.mode === 'docker');
  return known && 'url' in value && typeof value.url === 'string' && 'port' in value && typeof value.port === 'number';
}
