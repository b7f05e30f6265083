/**
 * npm run cluster -- up | status | start NAME | down: several instances behind HAProxy over servers that may fail, on this
 * machine. Exit code 1: it could not be done or told, 2: called in a wrong way; of status 3: something does not run.
 */
import { join, relative } from 'node:path';
import { readArguments, USAGE, UsageError } from './cluster/arguments.mjs';
import { readyLines, statusLines } from './cluster/report.mjs';
import { down, startAgain, status, up } from './cluster/set.mjs';
import { ensureBuilt } from './services/build.mjs';
import { whenAskedToEnd } from './services/ending.mjs';
import { errorMessage } from './services/messages.mjs';
import { localProfile } from './services/profile.mjs';
import { servicesDir } from './services/project.mjs';

/** @import { Call } from './cluster/arguments.mjs' */
/** @import { Wanted } from './cluster/plan.mjs' */

/** As of systemctl. */
const NOT_RUNNING = 3;
const dir = join(servicesDir, 'cluster');
let endedBy = 0;

try {
  process.exitCode = await run(readArguments(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : errorMessage(error));
  process.exitCode = error instanceof UsageError ? 2 : endedBy || 1;
}

/** Resolves with the exit code. @param {Call} call */
async function run(call) {
  if (call.command === 'up') return await start(call.wanted);
  if (call.command === 'status') return await show(call.asJson);
  if (call.command === 'start') {
    const ranAlready = await startAgain(dir, call.name);
    console.log(`${call.name} runs ${ranAlready ? 'already' : 'again'}`);
  } else {
    await down(dir);
    console.log(`Nothing of the set runs; its logs are in ${relative('', dir)}`);
  }
  return 0;
}

/** @param {Wanted} wanted */
async function start(wanted) {
  const say = console.error;
  const ending = new AbortController();
  whenAskedToEnd((exitCode) => {
    endedBy = exitCode;
    ending.abort(new Error('Ended before the set was ready'));
  });
  const { database: schema } = localProfile();
  const plan = await up({ dir, wanted, schema, build: () => ensureBuilt(say), say, signal: ending.signal });
  console.log(readyLines(dir, plan).join('\n'));
  return 0;
}

/** @param {boolean} asJson */
async function show(asJson) {
  const set = await status(dir);
  console.log(asJson ? JSON.stringify(set, null, 2) : statusLines(set).join('\n'));
  return set.processes.length > 0 && set.processes.every(({ pid }) => pid !== null) ? 0 : NOT_RUNNING;
}
