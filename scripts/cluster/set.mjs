/** A set of processes in a directory: started as one, seen, repaired, stopped. */
import { join } from 'node:path';
import { withLock } from '../services/lock.mjs';
import { stopProcess } from '../services/process.mjs';
import { removeTree } from '../services/remove-tree.mjs';
import { pidIn } from '../services/server-process.mjs';
import { refuseHiddenServers } from '../services/state.mjs';
import { checkFileLimit } from './balancer-member.mjs';
import { bringUp } from './bring-up.mjs';
import { memberDir, memberPid, namesIn, removeAllButLog } from './member-files.mjs';
import { describeWanted, firstOf, forgetPlan, planSet, readPlan, savePlan } from './plan.mjs';
import { installPrograms } from './programs.mjs';
import { redisRoles } from './redis-roles.mjs';
import { startMember } from './start-member.mjs';

/** @import { Say } from '../services/messages.mjs' */
/** @import { Kind, Plan, Wanted } from './plan.mjs' */
/** @import { RedisRole } from './redis-roles.mjs' */

/**
 * `dir`: of the set, which has everything below it. `schema`: of the database. `env`: added to the environment of the
 * instances. `build` resolves when dist/ is there. `signal` ends the start, and what it has started.
 * @typedef {{ dir: string, wanted: Wanted, schema: string, env?: NodeJS.ProcessEnv, build: () => Promise<void>, say: Say,
 *   signal: AbortSignal }} UpOptions
 */

/** @typedef {Exclude<Kind, 'redis'> | RedisRole} Role */
/** `pid` is null when it does not run. @typedef {{ name: string, role: Role, address: string, pid: number | null }} ProcessStatus */
/** `address`: of the balancer, null where there is no set. @typedef {{ address: string | null, processes: ProcessStatus[] }} SetStatus */

/** They end before the servers that they use. */
const FIRST_TO_STOP = /^(?:app|balancer|dns)\b/;
const STOP_PATIENCE_MS = 5_000;
const STOP = 'npm run cluster -- down';

/**
 * Starts a set with new data and resolves when all of it is ready; the one that runs already, if it is the same. Throws
 * where another one runs, or a process of it has died, or when something does not get ready: then nothing is left running.
 * @param {UpOptions} options @returns {Promise<Plan>}
 */
export async function up(options) {
  const { dir, wanted, schema, say } = options;
  return await locked(dir, async () => {
    const running = runningPlan(dir, wanted);
    if (running) {
      say('The set runs already');
      return running;
    }
    await stopAll(dir);
    for (const name of namesIn(dir)) await removeTree(memberDir(dir, { name }));
    await installPrograms(wanted, say);
    checkFileLimit(say);
    const plan = await planSet(wanted, schema);
    savePlan(dir, plan);
    try {
      await bringUp(plan, options, () => stopAll(dir, 0));
      const complete = { ...plan, isComplete: true };
      savePlan(dir, complete);
      return complete;
    } catch (error) {
      await clear(dir);
      throw error;
    }
  });
}

/** Stops what runs and deletes its data; the logs stay until the next start. @param {string} dir */
export async function down(dir) {
  if (readPlan(dir) !== null || namesIn(dir).length > 0) await locked(dir, () => clear(dir));
}

/** What there is and whether it runs, at this moment. @param {string} dir @returns {Promise<SetStatus>} */
export async function status(dir) {
  refuseHiddenServers(dir, namesIn(dir), STOP);
  const plan = readPlan(dir);
  if (!plan) return { address: null, processes: [] };
  const roles = await redisRoles(plan);
  return {
    address: balancerUrl(plan),
    processes: plan.members.map((member) => ({
      name: member.name,
      role: member.kind === 'redis' ? (roles.get(member.name) ?? 'redis-replica') : member.kind,
      address: `127.0.0.1:${member.port}`,
      pid: memberPid(dir, member),
    })),
  };
}

/** Starts a process again that has died; true when it ran already. @type {(dir: string, name: string, env?: NodeJS.ProcessEnv) => Promise<boolean>} */
export async function startAgain(dir, name, env = {}) {
  return await locked(dir, async () => {
    const plan = readPlan(dir);
    if (!plan?.isComplete) throw new Error('There is no set; start one: npm run cluster -- up');
    const member = plan.members.find((each) => each.name === name);
    if (!member)
      throw new Error(`There is no ${name}; the set has ${plan.members.map((each) => each.name).join(', ')}`);
    if (memberPid(dir, member) !== null) return true;
    await startMember({ dir, plan, env }, member);
    return false;
  });
}

/** @param {Plan} plan */
function balancerUrl(plan) {
  return `http://127.0.0.1:${firstOf(plan, 'balancer').port}`;
}

/** Of this very set, null when nothing runs; throws where another one does, or not all of it. @param {string} dir @param {Wanted} wanted */
function runningPlan(dir, wanted) {
  const plan = readPlan(dir);
  // One whose start was cut off is begun anew.
  if (!plan?.isComplete) return null;
  const dead = plan.members.filter((member) => memberPid(dir, member) === null);
  if (dead.length === plan.members.length) return null;
  if (describeWanted(plan.wanted) !== describeWanted(wanted))
    throw new Error(`Another set runs, up ${describeWanted(plan.wanted)}. Stop it first: ${STOP}`);
  const [first] = dead;
  if (!first) return plan;
  throw new Error(
    `The set runs, but without ${dead.map(({ name }) => name).join(', ')}. Start it again, as npm run cluster -- start ${first.name}, or stop all: ${STOP}`,
  );
}

/** @param {string} dir */
async function clear(dir) {
  await stopAll(dir);
  for (const name of namesIn(dir)) await removeAllButLog(memberDir(dir, { name }));
  forgetPlan(dir);
}

/** Whatever runs in this directory. @param {string} dir @param {number} [patienceMs] for SIGTERM, until SIGKILL */
async function stopAll(dir, patienceMs = STOP_PATIENCE_MS) {
  const names = namesIn(dir);
  for (const isFirst of [true, false]) {
    const pids = names
      .filter((name) => FIRST_TO_STOP.test(name) === isFirst)
      .map((name) => pidIn(memberDir(dir, { name })))
      .filter((pid) => pid !== null);
    await Promise.all(pids.map((pid) => stopProcess(pid, patienceMs)));
  }
}

/** @type {<T>(dir: string, work: () => Promise<T>) => Promise<T>} */
async function locked(dir, work) {
  refuseHiddenServers(dir, namesIn(dir), STOP);
  return await withLock(join(dir, 'cluster.lock'), work);
}
