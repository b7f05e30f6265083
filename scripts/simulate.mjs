/**
 * npm run simulate [-- options]: histories of several instances over simulated servers. All there is to know of one is its
 * seed. `npm run simulate -- --help` says what the options are.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { exitCodeOf, whenAskedToEnd } from './services/ending.mjs';
import { errorMessage } from './services/messages.mjs';
import { ensureSimulationBuilt } from './simulation/build.mjs';

/** Much is made in a history, and little of it lives long. */
const NODE_OPTIONS = ['--enable-source-maps', '--max-semi-space-size=64'];
const NIGHTLY_STEPS = 1e8;
const DAY_MS = 24 * 60 * 60 * 1000;
/** More histories than a night has. */
const SEEDS_OF_A_DAY = 1e6;

const args = process.argv.slice(2);
try {
  const entry = await ensureSimulationBuilt();
  const runs = args.includes('--nightly') ? nightly() : [args];
  const children = runs.map((words) =>
    spawn(process.execPath, [...NODE_OPTIONS, entry, ...words], { stdio: 'inherit' }),
  );
  whenAskedToEnd(() => children.forEach((child) => child.kill('SIGTERM')));
  for (const child of children) {
    child.once(
      'exit',
      (code, signal) => (process.exitCode = Math.max(Number(process.exitCode ?? 0), exitCodeOf(code, signal))),
    );
  }
} catch (error) {
  console.error(errorMessage(error));
  process.exitCode = 1;
}

/** The arguments of a process for each core, on seeds of today. */
function nightly() {
  const cores = availableParallelism();
  const firstSeed = Math.floor(Date.now() / DAY_MS) * SEEDS_OF_A_DAY;
  const rest = args.filter((word) => word !== '--nightly');
  return Array.from({ length: cores }, (_, index) => {
    const seed = firstSeed + Math.floor((index * SEEDS_OF_A_DAY) / cores);
    return ['--seed', String(seed), '--steps', String(Math.ceil(NIGHTLY_STEPS / cores)), ...rest];
  });
}
