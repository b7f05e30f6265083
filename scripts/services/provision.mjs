/** Brings the services of a profile up, in the order: given, private, Docker, installed and then private. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { composeRemove, composeStop, composeUp, dockerAnswers } from './docker.mjs';
import { freePort } from './free-port.mjs';
import { installMissing } from './install.mjs';
import { withLock } from './lock.mjs';
import { stopProcess } from './process.mjs';
import { removeTree } from './remove-tree.mjs';
import { SERVICE_KINDS } from './service-kinds.mjs';
import { serverFiles } from './server-process.mjs';
import {
  hiddenServer,
  readState,
  refuseHiddenServers,
  remember,
  SERVICE_NAMES,
  serviceDir,
  usesDocker,
  verifiedPid,
} from './state.mjs';

/** @import { Say } from './messages.mjs' */
/** @import { Profile } from './profile.mjs' */
/** @import { ServiceKind } from './service-kinds.mjs' */
/** @import { ServiceName } from './state.mjs' */
/** @typedef {'given' | 'private' | 'docker'} Mode */
/**
 * `pid` is null where we did not start it. `owner`: the user that runs it, where that is another one.
 * @typedef {{ url: string, pid: number | null, mode: Mode, owner?: string }} Service
 */
/** @typedef {Record<ServiceName, Service>} Services */

/** Loading a big append-only file or recovering after a crash takes its time; a frozen server never answers. */
const REUSE_TIMEOUT_MS = 10_000;

/** Both, started unless they run; safe in several processes at once. @param {Profile} profile @param {Say} say */
export function provision(profile, say) {
  return locked(profile, async () => {
    const modes = await chooseModes(profile, say);
    const ranBefore = verifiedPid(profile.dir, 'redis') !== null;
    const redis = await bringUp(profile, 'redis', modes.redis, say);
    try {
      return { redis, mysql: await bringUp(profile, 'mysql', modes.mysql, say) };
    } catch (error) {
      // Alone it is of no use, and nobody would know of it.
      if (redis.mode === 'private' && redis.pid !== null && !ranBefore) await stopProcess(redis.pid);
      throw error;
    }
  });
}

/** What runs now; null where nothing does. @param {Profile} profile */
export async function status(profile) {
  return { redis: await statusOf(profile, 'redis'), mysql: await statusOf(profile, 'mysql') };
}

/** Stops what we started; the data stays. @param {Profile} profile */
export function shutDown(profile) {
  return locked(profile, () => stopAll(profile));
}

/** Stops what we started and deletes its data. Given servers are left alone. @param {Profile} profile */
export function erase(profile) {
  return locked(profile, async () => {
    await stopAll(profile);
    if (usesDocker(profile.dir)) await composeRemove(profile);
    for (const name of SERVICE_NAMES) await removeTree(serviceDir(profile.dir, name));
  });
}

/** @type {<T>(profile: Profile, work: () => Promise<T>) => Promise<T>} */
async function locked(profile, work) {
  refuseHiddenServers(profile.dir);
  return await withLock(join(profile.dir, 'provision.lock'), work);
}

/** @param {Profile} profile @param {Say} say */
async function chooseModes(profile, say) {
  const state = readState(profile.dir);
  /** @type {Record<ServiceName, Mode>} */
  const modes = { redis: 'private', mysql: 'private' };
  /** @type {ServiceName[]} */
  const missing = [];
  for (const name of SERVICE_NAMES) {
    const kind = SERVICE_KINDS[name];
    if (process.env[kind.variable]) modes[name] = 'given';
    // What was started with Docker stays there: that is where its data is.
    else if (state[name]?.mode === 'docker' || !kind.isInstalled(profile)) missing.push(name);
  }
  if (missing.length === 0) return modes;
  if (await dockerAnswers()) for (const name of missing) modes[name] = 'docker';
  else await installMissing(missing, profile, say);
  return modes;
}

/** @type {(profile: Profile, name: ServiceName, mode: Mode, say: Say) => Promise<Service>} */
async function bringUp(profile, name, mode, say) {
  const kind = SERVICE_KINDS[name];
  if (mode === 'given') return { url: process.env[kind.variable] ?? '', pid: null, mode };
  const record = readState(profile.dir)[name];
  if (mode === 'docker') {
    const port = record?.mode === 'docker' ? record.port : await choosePort(profile, name, say);
    say(`Starting ${kind.label} with Docker`);
    const url = await composeUp(profile, name, port);
    remember(profile.dir, name, { mode, url, port, pid: null });
    return { url, pid: null, mode };
  }
  const running = verifiedPid(profile.dir, name);
  if (running && record && (await answersInTime(kind, record.url))) return { url: record.url, pid: running, mode };
  if (running) await stopProcess(running);
  const port = await choosePort(profile, name, say);
  const server = await kind.start(profile, serviceDir(profile.dir, name), port);
  remember(profile.dir, name, { mode, url: server.url, port: server.port, pid: server.pid });
  return { url: server.url, pid: server.pid, mode };
}

/** @type {(kind: ServiceKind, url: string) => Promise<boolean>} */
async function answersInTime(kind, url) {
  const deadline = Date.now() + REUSE_TIMEOUT_MS;
  while (!(await kind.answers(url))) {
    if (Date.now() > deadline) return false;
    await sleep(100);
  }
  return true;
}

/** Of the last time, else preferred, else any. @param {Profile} profile @param {ServiceName} name @param {Say} say */
async function choosePort(profile, name, say) {
  const wanted = readState(profile.dir)[name]?.port ?? profile.ports?.[name];
  const port = await freePort(wanted);
  if (wanted !== undefined && port !== wanted)
    say(`Port ${wanted} is taken by another program; ${SERVICE_KINDS[name].label} uses ${port}`);
  return port;
}

/** @type {(profile: Profile, name: ServiceName) => Promise<Service | null>} */
async function statusOf(profile, name) {
  const kind = SERVICE_KINDS[name];
  const given = process.env[kind.variable];
  if (given) return { url: given, pid: null, mode: 'given' };
  const record = readState(profile.dir)[name];
  if (record?.mode === 'docker') {
    return (await kind.answers(record.url)) ? { url: record.url, pid: null, mode: 'docker' } : null;
  }
  const pid = verifiedPid(profile.dir, name);
  if (pid) return record ? { url: record.url, pid, mode: 'private' } : null;
  const hidden = hiddenServer(profile.dir, name);
  if (!hidden) return null;
  const { url } = record ?? {};
  // What runs under that number may be another program by now; the answer of the very process is a proof.
  if (url && (await kind.answers(url, hidden.pid, serverFiles(serviceDir(profile.dir, name)).data)))
    return { url, mode: 'private', ...hidden };
  throw new Error(
    `Whether ${kind.label} runs, only ${hidden.owner} may see (pid ${hidden.pid}): ask as ${hidden.owner}`,
  );
}

/** @param {Profile} profile */
async function stopAll(profile) {
  const pids = SERVICE_NAMES.map((name) => verifiedPid(profile.dir, name)).filter((pid) => pid !== null);
  await Promise.all(pids.map((pid) => stopProcess(pid)));
  if (usesDocker(profile.dir)) await composeStop(profile);
}
