import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';

/** How a command ended and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Both, in the order in which they came. */
  readonly all: string;
}

/**
 * Runs a script of Node.js from another directory than the project's, with nothing but `env` in its environment.
 *
 * @param before what stands before `node` on the command line, such as `setpriv` with its options
 */
export async function runCommand(
  file: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  before: readonly string[] = [],
): Promise<Ended> {
  const [program = '', ...rest] = [...before, process.execPath, file, ...words];
  const child = spawn(program, rest, { cwd: tmpdir(), env: { PATH: process.env['PATH'], ...env } });
  const said = { out: '', err: '', all: '' };
  for (const [name, stream] of [['out', child.stdout] as const, ['err', child.stderr] as const]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      said.all += text;
    });
  }
  const [code]: Array<number | null> = await once(child, 'close');
  return { code: code ?? null, ...said };
}
