import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { isAlive } from '../../scripts/services/process.mjs';
import { atEndOfFile } from '../support/cleanup.js';
import { eventually } from '../support/poll.js';

/** The installation of packages, with programs that stand for sudo, apt-get and dpkg and write down what they are asked. */

const APT = fileURLToPath(new URL('../../scripts/services/apt.mjs', import.meta.url));

let home: string;

beforeEach(() => {
  const dir = mkdtempSync(join(process.env['FIRSTCOME_TEST_DIR'] ?? tmpdir(), 'installing-'));
  atEndOfFile(async () => rmSync(dir, { recursive: true, force: true }));
  home = dir;
  program('sudo', 'shift; exec "$@"');
  program('dpkg', 'echo "dpkg $*" >> "$HOME/asked"; rm -f "$HOME/interrupted"');
});

function program(name: string, script: string): void {
  writeFileSync(join(home, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** What the programs were asked, without the options that each call has. */
function asked(): string[] {
  const lines = readFileSync(join(home, 'asked'), 'utf8').trim().split('\n');
  return lines.map((line) => line.replace('-o DPkg::Lock::Timeout=300 -q -y ', ''));
}

function has(file: string): boolean {
  return existsSync(join(home, file));
}

/** A process that installs wrk. */
function install(env: NodeJS.ProcessEnv = {}) {
  const code = `import { existsSync } from 'node:fs';
    import { findOrInstall } from ${JSON.stringify(APT)};
    const find = () => existsSync(process.env.HOME + '/wrk');
    console.log(await findOrInstall(find, ['wrk'], (line) => console.log(line)));`;
  return spawn(process.execPath, ['--input-type=module', '-e', code], {
    detached: true,
    env: { PATH: `${home}${delimiter}${process.env['PATH']}`, HOME: home, FIRSTCOME_SERVICES_DIR: home, ...env },
  });
}

async function installed(): Promise<{ code: number | null; said: string }> {
  const child = install();
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
  const [code] = await once(child, 'close');
  return { code, said };
}

describe('the installation of packages', () => {
  it('finishes first what an interrupted installation has left', async () => {
    writeFileSync(join(home, 'interrupted'), '');
    program(
      'apt-get',
      `echo "apt-get $*" >> "$HOME/asked"
      case "$*" in *"install --no-install-recommends"*) ;; *) exit 0;; esac
      [ -e "$HOME/interrupted" ] || { touch "$HOME/wrk"; exit 0; }
      echo "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem." >&2
      exit 100`,
    );
    expect(await installed()).toEqual({
      code: 0,
      said: [
        'Installing wrk with apt-get',
        'An installation before this one was interrupted: dpkg --configure -a finishes it',
        'true\n',
      ].join('\n'),
    });
    const wrk = 'apt-get install --no-install-recommends wrk';
    expect(asked()).toEqual(['apt-get update', wrk, 'dpkg --configure -a', 'apt-get install --fix-broken', wrk]);
  });

  it('asks apt-get for nothing where the program is there', async () => {
    writeFileSync(join(home, 'wrk'), '');
    program('apt-get', 'touch "$HOME/asked"');
    expect(await installed()).toEqual({ code: 0, said: 'true\n' });
    expect(has('asked')).toBe(false);
  });

  it('does not take a program for installed while it is being installed', async () => {
    program(
      'apt-get',
      `case "$*" in *install*) ;; *) exit 0;; esac
      touch "$HOME/wrk"
      while [ ! -e "$HOME/go-on" ]; do sleep 0.05; done
      touch "$HOME/finished"`,
    );
    const first = installed();
    await eventually(() => expect(has('wrk')).toBe(true));
    const seen = installed().then(({ said }) => ({ said, finished: has('finished') }));
    const early = await Promise.race([seen, setTimeout(1_000, 'it waits')]);
    writeFileSync(join(home, 'go-on'), '');
    expect(early).toBe('it waits');
    expect(await seen).toEqual({ said: 'true\n', finished: true });
    expect(await first).toEqual({ code: 0, said: 'Installing wrk with apt-get\ntrue\n' });
  });

  it('says what apt-get said when that fails for another reason, and repairs nothing', async () => {
    program('apt-get', 'case "$*" in *install*) echo "E: Unable to locate package wrk"; exit 100;; esac');
    const { code, said } = await installed();
    expect(code).toBe(1);
    expect(said).toMatch(
      /install --no-install-recommends wrk` failed with code 100:\n.*Unable to locate package wrk\n/,
    );
    expect(has('asked')).toBe(false);
  });

  it('is not interrupted by the end of whoever asked for it', async () => {
    program(
      'apt-get',
      `case "$*" in *install*)
        env > "$HOME/environment"
        echo $$ > "$HOME/pid"
        while [ ! -e "$HOME/go-on" ]; do sleep 0.05; done
        head -c 1000000 /dev/zero && touch "$HOME/finished";;
      esac`,
    );
    const caller = install({ FIRSTCOME_TEST_DIR: home });
    const pid = await eventually(async () => {
      const text = has('pid') ? readFileSync(join(home, 'pid'), 'utf8') : '';
      expect(text).toMatch(/^\d+\n$/);
      return Number(text);
    });
    // As a terminal does it for Ctrl-C: everyone in the foreground is meant.
    process.kill(-(caller.pid ?? 0), 'SIGKILL');
    await once(caller, 'close');
    writeFileSync(join(home, 'go-on'), '');
    await eventually(async () => expect(isAlive(pid)).toBe(false));
    expect(has('finished')).toBe(true);
    // What bears the mark of a run is killed with it.
    expect(readFileSync(join(home, 'environment'), 'utf8')).not.toContain('FIRSTCOME_TEST_DIR');
  });
});
