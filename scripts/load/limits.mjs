/** Whether this shell lets k6 and the app open as many connections as a scenario needs. */
import { execFileSync } from 'node:child_process';

/** Beside the connections of the load: scripts, logs, the app's connections to its servers. */
const OTHER_FILES = 500;

/**
 * k6 and Node raise their own limit up to the hard one, so that is the one which counts.
 * @param {string} scenario
 * @param {number} connections
 * @throws {Error} with a message for the user
 */
export function checkFileLimit(scenario, connections) {
  const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  const needed = connections + OTHER_FILES;
  if (limit === 'unlimited' || Number(limit) >= needed) return;
  throw new Error(
    `${scenario} may open ${connections} connections, and a process may have ${limit} files open here (ulimit -Hn). ` +
      `Raise that to ${needed} (ulimit -Hn ${needed} as root, or nofile in /etc/security/limits.conf), or ask for fewer callers: ` +
      `MAX_VUS or VUS.`,
  );
}
