/** Debian's and Ubuntu's packages, where we may install them. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from './binaries.mjs';
import { withLock } from './lock.mjs';
import { lastLines, runQuietly } from './process.mjs';
import { servicesDir } from './project.mjs';

/** @import { Say } from './messages.mjs' */

/**
 * Installs packages as root or with password-less sudo, and says so first; false where that is not possible.
 * @type {(packages: string[], say: Say) => Promise<boolean>}
 */
export async function installPackages(packages, say) {
  const prefix = asRoot();
  if (!prefix || !existsSync('/etc/debian_version') || !findBinary('apt-get')) return false;
  return withLock(join(servicesDir, 'packages.lock'), async () => {
    say(`Installing ${packages.join(' and ')} with apt-get`);
    await aptGet(prefix, ['update', '-q']);
    await aptGet(prefix, ['install', '-q', '-y', '--no-install-recommends', ...packages]);
    return true;
  });
}

/** What to put before a command that needs root, null when we cannot be root. */
function asRoot() {
  if (process.getuid?.() === 0) return [];
  try {
    execFileSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
    return ['sudo', '-n'];
  } catch {
    return null;
  }
}

/** @type {(prefix: string[], args: string[]) => Promise<void>} */
async function aptGet(prefix, args) {
  const options = ['-o', 'DPkg::Lock::Timeout=300'];
  const call = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...options, ...args];
  const [command = '', ...rest] = call;
  const { code, output } = await runQuietly(command, rest);
  if (code !== 0) throw new Error(`\`${call.join(' ')}\` failed with code ${code}:\n${lastLines(output)}`);
}
