/**
 * npm run simulate [-- options]: histories of several instances over simulated servers. All there is to know of one is its
 * seed. `npm run simulate -- --help` says what the options are.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { exitCodeOf, whenAskedToEnd } from './services/ending.mjs';
import { errorMessage } from './services/messages.mjs';
import { ensureSimulationBuilt } from './simulation/build.mjs';

/** @import { Readable } from 'node:stream' */

/** Much is made in a history, and little of it lives long. */
const NODE_OPTIONS = ['--enable-source-maps', '--max-semi-space-size=64'];
const NIGHTLY_STEPS = 1e8;
const DAY_MS = 24 * 60 * 60 * 1000;
/** More histories than a night has. */
const SEEDS_OF_A_DAY = 1e6;

const args = process.argv.slice(2);
try {
  const entry = await ensureSimulationBuilt();
  const isShared = args.join() === '--mutations';
  const runs = args.includes('--nightly') ? nightly() : isShared ? shares() : [args];
  const children = runs.map((words) =>
    spawn(process.execPath, [...NODE_OPTIONS, entry, ...words], {
      stdio: ['inherit', isShared ? 'pipe' : 'inherit', 'inherit'],
    }),
  );
  whenAskedToEnd(() => children.forEach((child) => child.kill('SIGTERM')));
  const ended = Promise.all(children.map((child) => once(child, 'exit')));
  const rows = isShared
    ? await printInOrder(children.map(({ stdout }) => stdout).filter((stdout) => stdout !== null))
    : [];
  process.exitCode = Math.max(...(await ended).map(([code, signal]) => exitCodeOf(code, signal)));
  const missed = rows.filter((row) => row.includes('| NOT FOUND |'));
  if (missed.length > 0) console.log(`\n${missed.length} mutations are not found`);
  else if (isShared && process.exitCode === 0) console.log(`\nall ${rows.length} mutations are found`);
} catch (error) {
  console.error(errorMessage(error));
  process.exitCode = 1;
}

/** The arguments of a process for each core, which together plant all mutations. */
function shares() {
  const cores = availableParallelism();
  return Array.from({ length: cores }, (_, index) => [...args, '--share', `${index + 1}/${cores}`]);
}

/**
 * Prints the table of all mutations, row by row of the processes in turn, as one alone would.
 * @param {Readable[]} outputs
 */
async function printInOrder(outputs) {
  const processes = outputs.map((input) => createInterface({ input })[Symbol.asyncIterator]());
  console.log('| mutation | what it stands for | found by | seed | steps |\n|---|---|---|--:|--:|');
  /** @type {string[]} */
  const rows = [];
  for (;;) {
    const next = await processes[rows.length % processes.length]?.next();
    if (!next || next.done) return rows;
    console.log(next.value);
    rows.push(next.value);
  }
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
