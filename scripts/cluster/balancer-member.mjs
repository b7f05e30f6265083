/** HAProxy in front of the instances of a set, and the DNS server that tells it where they are. */
import { execFileSync } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { fileURLToPath } from 'node:url';
import { balancedServers, findHaproxy, startHaproxy } from '../services/haproxy.mjs';
import { startServer } from '../services/server-process.mjs';
import { memberDir } from './member-files.mjs';
import { firstOf, ofKind } from './plan.mjs';

/** @import { Say } from '../services/messages.mjs' */
/** @import { Member, Plan } from './plan.mjs' */
/** @import { StartMember } from './start-member.mjs' */

/*
 * In Docker all instances have the same port at addresses of their own. Here it is the other way round, which DNS can
 * only say in SRV records, and those HAProxy asks for by a name that begins like this.
 */
const INSTANCES = '_http._tcp.app';
const DNS_PROGRAM = fileURLToPath(new URL('dns-process.mjs', import.meta.url));
/** fd-hard-limit of config/haproxy/haproxy.cfg, with which it serves as many callers as it is made for. */
const WANTED_FILES = 40_100;

/** @type {StartMember} */
export async function startBalancerMember({ dir, plan }, member) {
  const binary = findHaproxy();
  if (!binary) throw new Error('HAProxy is not installed');
  return await startHaproxy({
    binary,
    dir: memberDir(dir, member),
    port: member.port,
    inside: insidePort(member),
    dns: `127.0.0.1:${firstOf(plan, 'dns').port}`,
    app: INSTANCES,
  });
}

/** @type {StartMember} */
export async function startDnsMember({ dir, plan }, member) {
  const instances = ofKind(plan, 'app').map(({ port }) => String(port));
  return await startServer({
    name: 'The DNS server of the load balancer',
    dir: memberDir(dir, member),
    port: member.port,
    url: (port) => `udp://127.0.0.1:${port}`,
    answers: async (port) => (await instancesAt(port)).length === instances.length,
    command: (port) => ({ binary: process.execPath, args: [DNS_PROGRAM, String(port), ...instances] }),
  });
}

/** @param {number} port */
async function instancesAt(port) {
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return await resolver.resolveSrv(INSTANCES).catch(() => []);
}

/** At which the operator asks. @param {Member} balancer */
export function insidePort(balancer) {
  const { inside } = balancer.ports;
  if (inside === undefined) throw new Error('The balancer has no port for the operator');
  return inside;
}

/** How many instances the balancer takes for well. @param {Plan} plan */
export async function wellInstances(plan) {
  const servers = await balancedServers(insidePort(firstOf(plan, 'balancer')));
  return servers.filter(({ pxname, status }) => pxname === 'well' && status?.startsWith('UP')).length;
}

/** Says what is missing where HAProxy may open fewer files than its configuration wants. @param {Say} say */
export function checkFileLimit(say) {
  // It raises its own limit up to the hard one.
  const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  if (limit === 'unlimited' || Number(limit) >= WANTED_FILES) return;
  const callers = Math.floor((Number(limit) - 100) / 2);
  say(
    `HAProxy serves some ${callers} callers at once, since a process may have ${limit} files open here; ` +
      `for 20000 raise that to ${WANTED_FILES} (ulimit -Hn ${WANTED_FILES} as root, or nofile in /etc/security/limits.conf)`,
  );
}
