import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { freePort } from '../../scripts/services/free-port.mjs';
import { AppProcess } from './app-process.js';
import { atEndOfFile } from './cleanup.js';
import { eventually } from './poll.js';
import { type Ended, runCommand } from './run-command.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
/** What the commands read. `dist` is what `src` says, times of change and all, so that nothing is built again. */
const COPIED = [
  'config',
  'k6',
  'package.json',
  'package-lock.json',
  'scripts',
  'src',
  'nest-cli.json',
  'tsconfig.json',
];
const BUILDS = ['tsconfig.build.json', '.swcrc', 'test/simulation'];

/** A copy of the project, in which a test runs the commands as a user does: the servers of `npm start` are its own. */
export class Checkout {
  private constructor(readonly dir: string) {}

  /** Named so, as far as it may be; removed at the end of the test file, with all that runs in it. */
  static create({ name = 'checkout', isBuilt = true }: { name?: string; isBuilt?: boolean } = {}): Checkout {
    const dir = mkdtempSync(join(process.env['FIRSTCOME_TEST_DIR'] ?? tmpdir(), `${name}-`));
    const checkout = new Checkout(dir);
    atEndOfFile(async () => {
      await checkout.run('services', ['down']);
      await rm(dir, { recursive: true, force: true, maxRetries: 10 });
    });
    const files = [...COPIED, ...BUILDS, ...(isBuilt ? ['dist'] : [])];
    execFileSync('cp', ['-a', '--parents', ...files, dir], { cwd: PROJECT });
    symlinkSync(join(PROJECT, 'node_modules'), join(dir, 'node_modules'));
    return checkout;
  }

  /** `start` is scripts/start.mjs. */
  private script(command: string): string {
    return join(this.dir, 'scripts', `${command}.mjs`);
  }

  /** A command to its end; see {@link runCommand}. */
  run(
    command: string,
    words: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
    before: readonly string[] = [],
  ): Promise<Ended> {
    return runCommand(this.script(command), words, { ...this.marked(), ...env }, before);
  }

  /** `npm start`, until it is killed; at the latest at the end of the test file. */
  async start(env: NodeJS.ProcessEnv = {}, before: readonly string[] = []): Promise<AppProcess> {
    const port = await freePort();
    return this.begin('start', [], { PORT: String(port), ...env }, before);
  }

  /** A command that is killed before it ends by itself; at the latest at the end of the test file. */
  begin(
    command: string,
    words: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
    before: readonly string[] = [],
  ): AppProcess {
    const [program = '', ...rest] = [...before, process.execPath, this.script(command), ...words];
    const child = spawn(program, rest, {
      cwd: tmpdir(),
      env: { ...this.marked(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const launcher = new AppProcess(child, Number(env['PORT'] ?? 0));
    atEndOfFile(async () => {
      // It ends the app, which SIGKILL would leave behind.
      if (!launcher.hasExited) await launcher.kill('SIGTERM');
    });
    return launcher;
  }

  /** @throws Error unless neither server of this checkout runs */
  async expectNothingRuns(): Promise<void> {
    const { code, out } = await this.run('services', ['status']);
    expect({ code, out }).toEqual({ code: 3, out: 'Redis     does not run\nMySQL     does not run\n' });
  }

  /** So that the test run finds what would be left. */
  private marked(): NodeJS.ProcessEnv {
    const { PATH, FIRSTCOME_TEST_DIR } = process.env;
    return { PATH, ...(FIRSTCOME_TEST_DIR === undefined ? {} : { FIRSTCOME_TEST_DIR }) };
  }
}

/** Waits for what a launcher says. */
export async function says(launcher: AppProcess, text: string | RegExp): Promise<void> {
  await eventually(() => {
    if (launcher.hasExited) throw new Error(`it ended before it said ${String(text)}:\n${launcher.logs}`);
    expect(launcher.logs).toMatch(text);
  });
}
