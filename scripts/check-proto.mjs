/**
 * npm run proto:check: the proto file keeps the rules of buf.yaml, and the TypeScript under src/rpc/generated is what
 * `npm run proto` makes of it. Says which file is not.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectDir } from './services/project.mjs';

const GENERATED = join('src', 'rpc', 'generated');

const fresh = mkdtempSync(join(tmpdir(), 'firstcome-proto-'));
try {
  buf('lint');
  buf('generate', '--output', fresh);
  const [committed, wanted] = [filesOf(projectDir), filesOf(fresh)];
  const stale = [...new Set([...committed.keys(), ...wanted.keys()])].filter(
    (name) => committed.get(name) !== wanted.get(name),
  );
  for (const name of stale)
    console.error(`${join(GENERATED, name)} is not what the proto file says: run npm run proto`);
  if (stale.length > 0) process.exitCode = 1;
  else console.log(`${wanted.size} file of ${GENERATED} is what the proto file says`);
} finally {
  rmSync(fresh, { recursive: true });
}

/** @param {string[]} args */
function buf(...args) {
  const command = join(projectDir, 'node_modules', '.bin', 'buf');
  // It looks for its plugin on the PATH, as under npm run.
  const PATH = `${join(projectDir, 'node_modules', '.bin')}:${process.env.PATH}`;
  const { status, error } = spawnSync(command, args, {
    cwd: projectDir,
    env: { ...process.env, PATH },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw error ?? new Error(`buf ${args.join(' ')} failed`);
}

/** The text of each generated file under a directory, by its name. @param {string} directory */
function filesOf(directory) {
  const root = join(directory, GENERATED);
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return new Map(paths.map((path) => [path.slice(root.length + 1), readFileSync(path, 'utf8')]));
}
