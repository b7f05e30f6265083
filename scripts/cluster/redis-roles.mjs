/** Which Redis server of a set is a primary, and which a replica, at this moment. */
import { askRedis, infoOf, primaryPort } from './ask-redis.mjs';
import { ofKind } from './plan.mjs';
import { PRIMARY } from './redis-members.mjs';

/** @import { Member, Plan } from './plan.mjs' */
/** @typedef {'redis-primary' | 'redis-replica'} RedisRole */

/**
 * As each server says itself. One that gives no answer is what the others take it for: the primary as long as the
 * sentinels name it, or as long as the cluster has not given its slots to another one.
 * @param {Plan} plan @returns {Promise<Map<string, RedisRole>>} by name
 */
export async function redisRoles(plan) {
  const servers = ofKind(plan, 'redis');
  const infos = await Promise.all(servers.map(({ port }) => infoOf(port, 'replication')));
  const told = servers.map((server, index) => ({ server, role: /^role:(\w+)/m.exec(infos[index] ?? '')?.[1] }));
  const silent = told.filter(({ role }) => role === undefined).map(({ server }) => server);
  const primaries = silent.length === 0 ? [] : await primariesAmong(plan, silent);
  return new Map(
    told.map(({ server, role }) => {
      const isPrimary = role === undefined ? primaries.includes(server) : role === 'master';
      return [server.name, isPrimary ? 'redis-primary' : 'redis-replica'];
    }),
  );
}

/** Of servers that give no answer. @type {(plan: Plan, silent: Member[]) => Promise<Member[]>} */
async function primariesAmong(plan, silent) {
  if (plan.wanted.redis === 'single') return silent;
  if (plan.wanted.redis === 'sentinel') {
    const primary = await primaryPort(ofKind(plan, 'sentinel'), PRIMARY);
    return silent.filter(({ port }) => port === primary);
  }
  const owners = await slotOwners(ofKind(plan, 'redis').filter((server) => !silent.includes(server)));
  return silent.filter(({ port }) => owners.has(port));
}

/** The ports of those who own slots, as the first of these says that answers. @param {Member[]} servers */
async function slotOwners(servers) {
  for (const { port } of servers) {
    const nodes = await askRedis(port, (redis) => redis.call('CLUSTER', 'NODES'));
    // id, address, flags, master, ping, pong, epoch, link, slots
    if (typeof nodes === 'string')
      return new Set(
        nodes
          .trim()
          .split('\n')
          .map((line) => line.split(' '))
          .filter((words) => words.length > 8)
          .map(([, address = '']) => Number(/:(\d+)@/.exec(address)?.[1])),
      );
  }
  return new Set();
}
