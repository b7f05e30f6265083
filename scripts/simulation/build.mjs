/** The simulation and what it simulates, compiled for plain Node: no test runner, no loader, no decorator left. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { filesIn, runBuilder } from '../services/build.mjs';
import { withLock } from '../services/lock.mjs';
import { projectDir } from '../services/project.mjs';
import { removeTree } from '../services/remove-tree.mjs';

const SOURCES = ['src', 'test/simulation'];
/** Read by the program at its start, from where it lies. */
const COPIED = ['config', 'package.json'];
const NOT_COMPILED = ['**/*.spec.ts', '**/*.d.ts', 'src/operations/dashboard/page/**'];
const DAY_MS = 24 * 60 * 60 * 1000;
const buildDir = join(projectDir, '.simulation');

/** Compiles it unless that has been done for the very same sources. @returns {Promise<string>} the entry */
export async function ensureSimulationBuilt() {
  return await withLock(join(buildDir, 'build.lock'), async () => {
    const dir = join(buildDir, fingerprint());
    if (!existsSync(dir)) {
      await removeOlderBuilds();
      await build(dir);
    }
    return join(dir, 'test', 'simulation', 'main.js');
  });
}

/** @param {string} dir */
async function build(dir) {
  const unfinished = `${dir}.unfinished`;
  // Of a build that was cut off.
  await removeTree(unfinished);
  const options = ['--out-dir', unfinished, '--copy-files', '--quiet', '--ignore', NOT_COMPILED.join(',')];
  await runBuilder('@swc/cli/bin/swc.js', [...SOURCES, ...options]);
  for (const name of COPIED) cpSync(join(projectDir, name), join(unfinished, name), { recursive: true });
  renameSync(unfinished, dir);
}

/** A simulation that runs reads its settings as it needs them, so its build is left for a day: no run takes as long. */
async function removeOlderBuilds() {
  for (const name of readdirSync(buildDir)) {
    const isOld = statSync(join(buildDir, name)).mtimeMs < Date.now() - DAY_MS;
    if (isOld && !name.startsWith('build.lock')) await removeTree(join(buildDir, name));
  }
}

/** Of everything that is compiled or copied, by its contents. */
function fingerprint() {
  const hash = createHash('sha256');
  const settings = ['package.json', '.swcrc', 'package-lock.json'].map((name) => join(projectDir, name));
  for (const file of [...[...SOURCES, 'config'].flatMap(filesIn), ...settings]) {
    hash
      .update(`${relative(projectDir, file)}\n`)
      .update(readFileSync(file))
      .update('\n');
  }
  return hash.digest('hex').slice(0, 16);
}
