/** Starts one process of a set, for the first time or again. */
import { startAppMember } from './app-member.mjs';
import { startBalancerMember, startDnsMember } from './balancer-member.mjs';
import { startGaleraMember, startMysqlMember } from './database-members.mjs';
import { startKafkaMember } from './kafka-members.mjs';
import { startRedisMember, startSentinelMember } from './redis-members.mjs';

/** @import { Kind, Member, Plan } from './plan.mjs' */

/** `dir`: of the set. `env`: added to what the instances find in the environment. @typedef {{ dir: string, plan: Plan, env: NodeJS.ProcessEnv }} Site */
/** @typedef {(site: Site, member: Member) => Promise<unknown>} StartMember */

/** @type {Record<Kind, StartMember>} */
const STARTS = {
  redis: startRedisMember,
  sentinel: startSentinelMember,
  mysql: startMysqlMember,
  galera: startGaleraMember,
  kafka: startKafkaMember,
  app: startAppMember,
  dns: startDnsMember,
  balancer: startBalancerMember,
};

/** Resolves when it answers; it outlives us. @type {StartMember} */
export async function startMember(site, member) {
  return await STARTS[member.kind](site, member);
}
