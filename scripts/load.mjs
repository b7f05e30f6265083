/** npm run load -- <scenario>...: the k6 scenarios against the app, one after the other. */
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { connectionsOf, readOptions } from '../k6/lib/scenarios.js';
import { readArguments, usage } from './load/arguments.mjs';
import { findOrBuildK6, K6Unavailable } from './load/k6-program.mjs';
import { checkFileLimit } from './load/limits.mjs';
import { K6Runs, resultFiles } from './load/k6-runs.mjs';
import { PoolWatch } from './load/pool-watch.mjs';
import { describeSeries, saveSeries } from './load/series.mjs';
import { Target } from './load/target.mjs';
import { describeMachine } from './measuring/machine.mjs';
import { whenAskedToEnd } from './services/ending.mjs';
import { errorMessage } from './services/messages.mjs';

/** @typedef {ReturnType<typeof readArguments>} Wanted */

const target = new Target(console.log);
const k6Runs = new K6Runs();
let endedBy = 0;

whenAskedToEnd((exitCode) => {
  endedBy = exitCode;
  k6Runs.end();
});

try {
  const wanted = readArguments(process.argv.slice(2));
  if (wanted.scenarios.length === 0) console.log(usage());
  else process.exitCode = await loadOrSkip(wanted);
} catch (error) {
  console.error(errorMessage(error));
  process.exitCode = 1;
} finally {
  await target.stop();
  if (endedBy) process.exitCode = endedBy;
}

/** Resolves with the exit code. @param {Wanted} wanted */
async function loadOrSkip(wanted) {
  try {
    return (await load(wanted)) ? 0 : 1;
  } catch (error) {
    if (!wanted.isOptional || !(error instanceof K6Unavailable)) throw error;
    console.log('Load tests skipped: neither k6 nor Go to build it is here');
    return 0;
  }
}

/** Whether all of them passed. @param {Wanted} wanted */
async function load({ scenarios, runs, isFresh }) {
  for (const scenario of scenarios)
    checkFileLimit(scenario, connectionsOf(scenario, readOptions(scenario, process.env)));
  const k6 = await findOrBuildK6(console.log);
  const app = await target.choose(isFresh);
  const machine = await describeMachine({ k6: k6.version }, app.services);
  const failed = [];
  for (const scenario of scenarios) {
    const results = [];
    while (results.length < runs && !k6Runs.isEnding) {
      console.log(`\n${scenario}, run ${results.length + 1} of ${runs}`);
      const pool = new PoolWatch(app.url);
      try {
        results.push({ ...(await k6Runs.run(k6, scenario, app.url)), pool: await pool.seen() });
      } finally {
        pool.end();
      }
    }
    if (k6Runs.isEnding) return false;
    saveSeries(scenario, results, machine, isFresh);
    if (runs > 1) console.log(describeSeries(scenario, results));
    for (const file of Object.values(resultFiles(scenario)))
      if (existsSync(file)) console.log(`written: ${relative('', file)}`);
    if (results.some(({ passed }) => !passed)) failed.push(scenario);
  }
  if (failed.length > 0)
    console.error(`\nFailed: ${failed.join(', ')}${app.log ? ` (the app's output: ${app.log})` : ''}`);
  return failed.length === 0;
}
