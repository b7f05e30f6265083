import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { atEndOfFile } from '../support/cleanup.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const manifest: { scripts: Record<string, string> } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
/** What runs a file of ours; `migrate` is among them. */
const COMMANDS = Object.entries(manifest.scripts).filter(([, line]) => /^(exec )?node (?!.*jest)/.test(line));

const dir = mkdtempSync(join(tmpdir(), 'firstcome-node-'));
atEndOfFile(() => rm(dir, { recursive: true }));

/** Runs a line as npm does, under a Node.js that says it is this version. */
function runOn(version: string, line: string) {
  const fake = join(dir, `${version}.cjs`);
  const versions = `{ ...process.versions, node: '${version}' }`;
  writeFileSync(fake, `Object.defineProperty(process, 'versions', { value: ${versions} });\n`);
  const { PATH } = process.env;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line], {
    cwd: PROJECT,
    env: { PATH, NODE_OPTIONS: `--require ${fake}` },
    encoding: 'utf8',
  });
  return { status, out: stdout, err: stderr };
}

describe('A Node.js that is too old', () => {
  it.each([...COMMANDS, ['what runs in production', 'node dist/main.js']])(
    'is named in one line by %s, and nothing else happens',
    (_name, line) => {
      const { status, out, err } = runOn('18.20.8', line);
      expect({ status, out }).toEqual({ status: 1, out: '' });
      expect(err).toMatch(/^firstcome needs Node\.js >=20\.19\.0; this is 18\.20\.8, \S.*\n$/);
    },
  );

  it('is told from one that will do by its minor version, too', () => {
    const services = manifest.scripts['services'] ?? '';
    expect(runOn('20.18.3', services).err).toContain('this is 20.18.3');
    for (const version of ['20.19.0', '22.1.0']) expect(runOn(version, services).err).toMatch(/^Usage: /);
  });

  it('is looked for by every command of scripts/', () => {
    const names = COMMANDS.map(([name]) => name);
    expect(names).toEqual(
      expect.arrayContaining(['start', 'services', 'test', 'test:mysql8', 'load', 'bench', 'simulate', 'migrate']),
    );
  });
});
