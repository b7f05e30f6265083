/** k6: the installed one, else one built with Go and kept under .tools. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from '../services/binaries.mjs';
import { lastLines, runQuietly } from '../services/process.mjs';
import { toolsDir } from '../services/project.mjs';

/** @import { Say } from '../services/messages.mjs' */

/** The module has no /v2 path, and the summary of k6 2 is another one. */
const VERSION = '1.8.1';
const BIN = join(toolsDir, 'bin');

/** @typedef {{ path: string, version: string }} K6 */

/** There is neither k6 nor Go to build it; the message says how to get one of them. */
export class K6Unavailable extends Error {}

/** @type {(say: Say) => Promise<K6>} */
export async function findOrBuildK6(say) {
  const found = usable(findBinary('k6')) ?? usable(join(BIN, 'k6'));
  if (found) return found;
  const go = findBinary('go');
  if (!go) throw new K6Unavailable(howToInstall());
  say(`Building k6 ${VERSION} with Go into .tools/bin (once, a minute or two)`);
  await build(go);
  const built = usable(join(BIN, 'k6'));
  if (!built) throw new Error(`The k6 that Go built does not run.\n${howToInstall()}`);
  return built;
}

/** The scripts are TypeScript, so an old k6 is of no use. @type {(path: string | null) => K6 | null} */
function usable(path) {
  if (path === null) return null;
  try {
    const text = execFileSync(path, ['version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const [, version = '', minor = ''] = /v(1\.(\d+)\.\d+)/.exec(text) ?? [];
    return version && Number(minor) >= 8 ? { path, version } : null;
  } catch {
    return null;
  }
}

/** @param {string} go */
async function build(go) {
  mkdirSync(BIN, { recursive: true });
  const env = { ...process.env, GOBIN: BIN };
  const { code, output } = await runQuietly(go, ['install', `go.k6.io/k6@v${VERSION}`], { env });
  if (code !== 0) throw new Error(`Go could not build k6:\n${lastLines(output)}\n\n${howToInstall()}`);
}

function howToInstall() {
  return [
    `The load tests need k6 1.8 or a later 1.x, and neither that nor Go to build it is here. One of:`,
    `  a release    https://github.com/grafana/k6/releases/tag/v${VERSION} (put k6 on PATH or into .tools/bin)`,
    `  Go           install it (https://go.dev/dl), and this command builds k6 by itself`,
  ].join('\n');
}
