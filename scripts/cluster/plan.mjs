/** The processes of a set with their ports: planned before the first one starts, remembered until `down`. */
import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../services/free-port.mjs';
import { errorCode } from '../services/process.mjs';

/** @typedef {'single' | 'sentinel' | 'cluster'} RedisMode */
/** @typedef {'single' | 'galera'} DatabaseMode */
/** What was asked for; `kafka`: how many brokers. @typedef {{ redis: RedisMode, database: DatabaseMode, kafka: number, instances: number }} Wanted */
/** @typedef {'balancer' | 'dns' | 'app' | 'redis' | 'sentinel' | 'mysql' | 'galera' | 'kafka'} Kind */
/** `ports`: those beside the one at which it is asked. @typedef {{ name: string, kind: Kind, port: number, ports: Record<string, number> }} Member */
/**
 * `schema`: of the database. `isComplete`: all of it was ready once; without, its start was cut off.
 * @typedef {{ wanted: Wanted, schema: string, isComplete: boolean, members: Member[] }} Plan
 */

export const MOST_INSTANCES = 10;
/** One of them may be gone, and what is written is still on two. */
export const KAFKA_BROKERS = 3;
const GALERA_NODES = 3;
const REDIS_SERVERS = { single: 1, sentinel: 3, cluster: 6 };
const SENTINELS = 3;
/** Redis Cluster's servers talk to each other at the port of their clients and so much. */
const BUS_DISTANCE = 10_000;

/** With ports that nobody uses at this moment. @type {(wanted: Wanted, schema: string) => Promise<Plan>} */
export async function planSet(wanted, schema) {
  const { redis, database, kafka, instances } = wanted;
  const members = [
    ...(await several('redis', REDIS_SERVERS[redis], redis === 'cluster' ? clusterPort : freePort)),
    ...(redis === 'sentinel' ? await several('sentinel', SENTINELS) : []),
    ...(database === 'galera'
      ? await several('galera', Math.max(GALERA_NODES, instances), freePort, ['group', 'ist', 'sst'])
      : await several('mysql', 1)),
    ...(await several('kafka', kafka, freePort, ['controller'])),
    ...(await several('app', instances)),
    await member('dns', 'dns'),
    await member('balancer', 'balancer', freePort, ['inside']),
  ];
  return { wanted, schema, isComplete: false, members };
}

/** @type {(kind: Kind, count: number, choosePort?: () => Promise<number>, further?: string[]) => Promise<Member[]>} */
async function several(kind, count, choosePort, further) {
  return Promise.all(
    Array.from({ length: count }, (_, index) => member(`${kind}-${index + 1}`, kind, choosePort, further)),
  );
}

/** @type {(name: string, kind: Kind, choosePort?: () => Promise<number>, further?: string[]) => Promise<Member>} */
async function member(name, kind, choosePort = freePort, further = []) {
  const port = await choosePort();
  const ports = await Promise.all(further.map(async (what) => /** @type {const} */ ([what, await freePort()])));
  return { name, kind, port, ports: Object.fromEntries(ports) };
}

/** @returns {Promise<number>} */
async function clusterPort() {
  // Both below the ports of outgoing connections, as of every server of ours.
  const port = await freePort(randomInt(15_000, 22_000));
  const bus = await freePort(port + BUS_DISTANCE);
  return bus === port + BUS_DISTANCE ? port : clusterPort();
}

/** @type {(plan: Plan, kind: Kind) => Member[]} */
export function ofKind(plan, kind) {
  return plan.members.filter((each) => each.kind === kind);
}

/** Of a kind that every set has. @type {(plan: Plan, kind: Kind) => Member} */
export function firstOf(plan, kind) {
  const [first] = ofKind(plan, kind);
  if (!first) throw new Error(`The set has no ${kind}`);
  return first;
}

/** As the options that ask for it. @param {Wanted} wanted */
export function describeWanted({ redis, database, kafka, instances }) {
  return `--redis ${redis} --database ${database} --instances ${instances}${kafka > 0 ? ' --kafka' : ''}`;
}

/** Null where there is no set. @param {string} dir @returns {Plan | null} */
export function readPlan(dir) {
  try {
    return JSON.parse(readFileSync(planFile(dir), 'utf8'));
  } catch (error) {
    // A file that is broken tells no more than none: what runs is found by the files of the processes.
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** @param {string} dir @param {Plan} plan */
export function savePlan(dir, plan) {
  mkdirSync(dir, { recursive: true });
  const unfinished = `${planFile(dir)}.unfinished`;
  writeFileSync(unfinished, `${JSON.stringify(plan, null, 2)}\n`);
  renameSync(unfinished, planFile(dir));
}

/** @param {string} dir */
export function forgetPlan(dir) {
  rmSync(planFile(dir), { force: true });
}

/** @param {string} dir */
function planFile(dir) {
  return join(dir, 'set.json');
}
