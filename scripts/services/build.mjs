/** dist/, built when it is not what src/ says. */
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { withLock } from './lock.mjs';
import { runQuietly } from './process.mjs';
import { projectDir, servicesDir } from './project.mjs';

/** @import { Say } from './messages.mjs' */

const DIST = join(projectDir, 'dist');
const ENTRY = join(DIST, 'main.js');
/** Inside dist, so that it goes with it. */
const FINGERPRINT = join(DIST, '.fingerprint');
const BUILD_SETTINGS = ['nest-cli.json', 'tsconfig.json', 'tsconfig.build.json', '.swcrc', 'package-lock.json'];

/** Builds unless dist/ is up to date: another run may be using it. One build at a time. @param {Say} say */
export function ensureBuilt(say) {
  return withLock(join(servicesDir, 'dist.lock'), async () => {
    const wanted = fingerprint();
    if (existsSync(ENTRY) && existsSync(FINGERPRINT) && readFileSync(FINGERPRINT, 'utf8') === wanted) return;
    say('Building');
    await build();
    writeFileSync(FINGERPRINT, wanted);
  });
}

async function build() {
  // The builder's own words for it are many.
  accessSync(existsSync(DIST) ? DIST : projectDir, constants.W_OK);
  await runBuilder('@nestjs/cli/bin/nest.js', ['build']);
  if (!existsSync(ENTRY)) throw new Error(`The build left no ${relative(projectDir, ENTRY)}`);
}

/** Runs a program of an installed package, for a build under a lock. @type {(program: string, args: string[]) => Promise<void>} */
export async function runBuilder(program, args) {
  const path = join(projectDir, 'node_modules', program);
  if (!existsSync(path)) throw new Error('The packages are not installed; run `npm ci` first');
  // The lock goes with this process, so the builder must not outlive it.
  const ending = new AbortController();
  process.once('exit', () => ending.abort());
  const { code, output } = await runQuietly(process.execPath, [path, ...args], {
    cwd: projectDir,
    signal: ending.signal,
  });
  if (code !== 0) throw new Error(`The build failed:\n${output}`);
}

/** All files below a directory of the project, as paths, in order. @param {string} dir */
export function filesIn(dir) {
  return readdirSync(join(projectDir, dir), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Of everything the build reads: path, size and time of change. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const file of [...sourceFiles(), ...BUILD_SETTINGS.map((name) => join(projectDir, name))]) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${relative(projectDir, file)} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function sourceFiles() {
  return filesIn('src').filter((file) => !file.endsWith('.spec.ts'));
}
