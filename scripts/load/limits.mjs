/** Whether this shell lets k6 and the app open as many connections as a scenario needs. */
import { execFileSync } from 'node:child_process';

/** Beside the connections of the load: scripts, logs, the app's connections to its servers. */
const OTHER_FILES = 500;

/** Throws, with a message for the user, where it does not. @param {string} scenario @param {number} connections */
export function checkFileLimit(scenario, connections) {
  // k6 and Node raise their own limit up to the hard one.
  const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  const needed = connections + OTHER_FILES;
  if (limit === 'unlimited' || Number(limit) >= needed) return;
  throw new Error(
    `${scenario} may open ${connections} connections, and a process may have ${limit} files open here (ulimit -Hn). ` +
      `Raise that to ${needed} (ulimit -Hn ${needed} as root, or nofile in /etc/security/limits.conf), or ask for fewer callers: ` +
      `MAX_VUS or VUS.`,
  );
}
