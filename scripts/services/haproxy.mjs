/** HAProxy with the configuration of this project, for tests and for `npm run cluster`. */
import { join } from 'node:path';
import { findOrInstall } from './apt.mjs';
import { findBinary } from './binaries.mjs';
import { projectDir } from './project.mjs';
import { startServer } from './server-process.mjs';

/** @import { Say } from './messages.mjs' */

/** The file of docker-compose.yml. */
export const HAPROXY_CONFIG = join(projectDir, 'config', 'haproxy', 'haproxy.cfg');

/** HAPROXY_PATH, else what is installed; null where there is none. */
export function findHaproxy() {
  return process.env['HAPROXY_PATH'] || findBinary('haproxy');
}

/** HAPROXY_PATH, else what is installed, else installed through apt where we may. @param {Say} say */
export async function haproxy(say) {
  const found = await findOrInstall(findHaproxy, ['haproxy'], say);
  if (found) return found;
  throw new Error(
    [
      'There is no HAProxy for the load balancer, and apt-get cannot be used here. One of:',
      '  Debian, Ubuntu   sudo apt-get install -y --no-install-recommends haproxy',
      '  macOS            brew install haproxy',
      '  your own         set HAPROXY_PATH to HAProxy 2.6 or later',
    ].join('\n'),
  );
}

/**
 * On two ports of 127.0.0.1: `port` for everyone, `inside` for the operator. `dns` is who knows the instances, `app`
 * their name there: with their port, or one that has SRV records; `management` the same with their management ports, where
 * they have some. Resolves when it answers.
 * @param {{ binary: string, dir: string, port: number, inside: number, dns: string, app: string,
 *   management?: string }} options
 */
export function startHaproxy({ binary, dir, port, inside, dns, app, management = app }) {
  return startServer({
    name: 'HAProxy',
    dir,
    port,
    env: {
      ...process.env,
      LB_DNS: dns,
      LB_APP: app,
      LB_MANAGEMENT: management,
      LB_OUTSIDE: `127.0.0.1:${port}`,
      LB_INSIDE: `127.0.0.1:${inside}`,
    },
    url: () => `http://127.0.0.1:${port}`,
    answers: async () => (await fetch(`${insideUrl(inside)}/load-balancer`).catch(() => undefined))?.ok ?? false,
    command: () => ({ binary, args: ['-db', '-f', HAPROXY_CONFIG] }),
  });
}

/**
 * What HAProxy knows of the servers of all backends, by the names that it gives to it: `pxname` is the backend.
 * @param {number} inside its port for the operator
 */
export async function balancedServers(inside) {
  const csv = await (await fetch(`${insideUrl(inside)}/load-balancer/stats;csv`)).text();
  const [names = [], ...rows] = csv
    .replace('# ', '')
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  return rows
    .map(
      (values) =>
        /** @type {Partial<Record<string, string>>} */ (
          Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
        ),
    )
    .filter(({ svname }) => svname !== 'BACKEND' && svname !== 'FRONTEND');
}

/** @param {number} port */
function insideUrl(port) {
  return `http://127.0.0.1:${port}`;
}
