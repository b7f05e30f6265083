/** The Redis servers of a set: one, three watched by Sentinel, or a cluster of six. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from '../services/binaries.mjs';
import { runQuietly } from '../services/process.mjs';
import { findRedis, redisAnswers, startRedis } from '../services/redis-server.mjs';
import { serverFiles, startServer } from '../services/server-process.mjs';
import { askRedis, infoOf, primaryPort } from './ask-redis.mjs';
import { memberDir } from './member-files.mjs';
import { firstOf, ofKind } from './plan.mjs';
import { until } from './until.mjs';

/** @import { Kind, Member, Plan } from './plan.mjs' */
/** @import { StartMember } from './start-member.mjs' */

/** The name by which the sentinels know the primary. */
export const PRIMARY = 'mymaster';

const SENTINEL_SERVER = [
  // A primary that is cut off takes no writes, or those of a fail-over's last moments would be lost.
  ['--min-replicas-to-write', '1'],
  ['--min-replicas-max-lag', '2'],
  ['--repl-diskless-sync-delay', '0'],
].flat();

const CLUSTER_SERVER = [
  ['--cluster-enabled', 'yes'],
  ['--cluster-config-file', 'nodes.conf'],
  ['--cluster-node-timeout', '2000'],
  // A shard that is down closes its own coupons only.
  ['--cluster-require-full-coverage', 'no'],
  ['--repl-diskless-sync-delay', '0'],
  // No min-replicas-to-write: each master has one replica, and after a fail-over the new master would have none, and
  // take no write until the old one is back. It takes two replicas a master to have both.
].flat();

/** The REDIS_URL of the instances. @param {Plan} plan */
export function redisUrl(plan) {
  const urls = {
    single: `redis://${addresses(plan, 'redis').join()}`,
    sentinel: `redis+sentinel://${addresses(plan, 'sentinel').join()}/0?name=${PRIMARY}`,
    cluster: `redis+cluster://${addresses(plan, 'redis').join()}`,
  };
  return urls[plan.wanted.redis];
}

/** @param {Plan} plan @param {Kind} kind */
function addresses(plan, kind) {
  return ofKind(plan, kind).map(({ port }) => `127.0.0.1:${port}`);
}

/**
 * Starts a server, for the first time or again. One that Sentinel watches follows whom the sentinels now take for the
 * primary; before there are any, the first server is that.
 * @type {StartMember}
 */
export async function startRedisMember({ dir, plan }, member) {
  return await startRedis({
    dir: memberDir(dir, member),
    port: member.port,
    extraArgs: await argumentsOf(plan, member),
  });
}

/** @param {Plan} plan @param {Member} member */
async function argumentsOf(plan, member) {
  if (plan.wanted.redis === 'single') return [];
  if (plan.wanted.redis === 'cluster') return CLUSTER_SERVER;
  const primary = (await primaryPort(ofKind(plan, 'sentinel'), PRIMARY)) ?? firstOf(plan, 'redis').port;
  return member.port === primary ? SENTINEL_SERVER : [...SENTINEL_SERVER, '--replicaof', '127.0.0.1', String(primary)];
}

/** @type {StartMember} */
export async function startSentinelMember(site, member) {
  const binary = findRedis();
  if (!binary) throw new Error('redis-server is not installed');
  const dir = memberDir(site.dir, member);
  const config = join(serverFiles(dir).data, 'sentinel.conf');
  // The sentinel writes into it what it learns.
  if (!existsSync(config)) {
    mkdirSync(serverFiles(dir).data, { recursive: true });
    writeFileSync(config, sentinelConfig(member.port, firstOf(site.plan, 'redis').port));
  }
  return await startServer({
    name: 'Redis Sentinel',
    dir,
    port: member.port,
    url: (port) => `redis://127.0.0.1:${port}`,
    answers: redisAnswers,
    command: () => ({ binary, args: [config, '--sentinel'] }),
  });
}

/** @param {number} port @param {number} primary */
function sentinelConfig(port, primary) {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor ${PRIMARY} 127.0.0.1 ${primary} 2`,
    `sentinel down-after-milliseconds ${PRIMARY} 1000`,
    `sentinel failover-timeout ${PRIMARY} 5000`,
    `sentinel parallel-syncs ${PRIMARY} 1`,
    '',
  ].join('\n');
}

/** Makes one thing of servers that answer: a primary that the others follow, or a cluster. @param {Plan} plan @param {AbortSignal} signal */
export async function joinServers(plan, signal) {
  if (plan.wanted.redis === 'cluster') return await formCluster(plan, signal);
  const replicas = ofKind(plan, 'redis').length - 1;
  /** @type {string | null} */
  let info = null;
  const problem = () => `the replicas do not follow the primary, which says: ${info ?? '(nothing)'}`;
  await until(signal, problem, async () => {
    info = await infoOf(firstOf(plan, 'redis').port, 'replication');
    return info !== null && (info.match(/^slave\d+:.*state=online/gm) ?? []).length === replicas;
  });
}

/**
 * Resolves when the sentinels know each other and every server. They are started when the replicas follow the primary:
 * they ask it who does that at once, and then only every ten seconds.
 * @type {(plan: Plan, signal: AbortSignal) => Promise<void>}
 */
export async function joinSentinels(plan, signal) {
  const replicas = ofKind(plan, 'redis').length - 1;
  const sentinels = ofKind(plan, 'sentinel');
  const all = `slaves=${replicas},sentinels=${sentinels.length}`;
  /** @type {string[]} */
  let views = [];
  await until(
    signal,
    () => `the sentinels do not find each other and the replicas: ${views.join('; ')}`,
    async () => {
      const infos = await Promise.all(sentinels.map(({ port }) => infoOf(port, 'sentinel')));
      views = infos.map((info) => (info === null ? 'no answer' : (/^master0:.*/m.exec(info)?.[0] ?? 'no primary')));
      return views.every((view) => view.includes('status=ok,') && view.includes(all));
    },
  );
}

/** @param {Plan} plan @param {AbortSignal} signal */
async function formCluster(plan, signal) {
  const servers = ofKind(plan, 'redis');
  const binary = findBinary('redis-cli');
  if (!binary) throw new Error('redis-cli is not installed, which makes a cluster of the Redis servers');
  const words = ['--cluster', 'create', ...addresses(plan, 'redis'), '--cluster-replicas', '1', '--cluster-yes'];
  const { code, output } = await runQuietly(binary, words, { signal });
  if (code !== 0) throw new Error(`\`redis-cli ${words.join(' ')}\` failed with code ${code}:\n${output}`);
  await until(signal, 'not every Redis server knows the whole cluster', async () => {
    const known = await Promise.all(servers.map(({ port }) => clusterViewOf(port)));
    return known.every((isWhole) => isWhole);
  });
}

/** Whether a server takes the cluster for whole, and follows its master where it is a replica. @param {number} port */
async function clusterViewOf(port) {
  const info = await askRedis(port, (redis) => redis.call('CLUSTER', 'INFO'));
  if (!String(info).includes('cluster_state:ok')) return false;
  const replication = (await infoOf(port, 'replication')) ?? '';
  return replication.includes('role:master')
    ? /^connected_slaves:[1-9]/m.test(replication)
    : replication.includes('master_link_status:up');
}
