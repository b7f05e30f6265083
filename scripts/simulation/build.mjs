/** The simulation and what it simulates, compiled for plain Node: no test runner, no loader, no decorator left. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join, relative } from 'node:path';
import { withLock } from '../services/lock.mjs';
import { runQuietly } from '../services/process.mjs';
import { projectDir } from '../services/project.mjs';
import { removeTree } from '../services/remove-tree.mjs';

const SOURCES = ['src', 'test/simulation'];
/** Read by the program at its start, from where it lies. */
const COPIED = ['config', 'package.json'];
const NOT_COMPILED = ['**/*.spec.ts', '**/*.d.ts', 'src/operations/dashboard/page/**'];
const buildDir = join(projectDir, '.simulation');

/** Compiles it unless that has been done for the very same sources. @returns {Promise<string>} the entry */
export async function ensureSimulationBuilt() {
  mkdirSync(buildDir, { recursive: true });
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
  const swc = join(projectDir, 'node_modules', '@swc', 'cli', 'bin', 'swc.js');
  if (!existsSync(swc)) throw new Error('The packages are not installed; run `npm ci` first');
  const options = ['--out-dir', unfinished, '--copy-files', '--quiet', '--ignore', NOT_COMPILED.join(',')];
  const { code, output } = await runQuietly(process.execPath, [swc, ...SOURCES, ...options], { cwd: projectDir });
  if (code !== 0) throw new Error(`The simulation could not be compiled:\n${output}`);
  for (const name of COPIED) cpSync(join(projectDir, name), join(unfinished, name), { recursive: true });
  renameSync(unfinished, dir);
}

/** A simulation that runs has read all of it. */
async function removeOlderBuilds() {
  for (const name of readdirSync(buildDir)) {
    if (!name.startsWith('build.lock')) await removeTree(join(buildDir, name));
  }
}

/** Of everything that is compiled or copied, by its contents. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const file of [...[...SOURCES, 'config'].flatMap(filesIn), 'package.json', '.swcrc', 'package-lock.json']) {
    const path = join(projectDir, file);
    hash.update(`${file}\n`).update(readFileSync(path)).update('\n');
  }
  return hash.digest('hex').slice(0, 16);
}

/** @param {string} dir */
function filesIn(dir) {
  return readdirSync(join(projectDir, dir), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(projectDir, join(entry.parentPath, entry.name)))
    .sort();
}
