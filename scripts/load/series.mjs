/** Several runs of a scenario seen together. */
import { writeFileSync } from 'node:fs';
import { SCENARIOS } from '../../k6/lib/scenarios.js';
import { spreadOf, sum } from '../measuring/statistics.mjs';
import { resultFiles } from './k6-runs.mjs';

/** @import { ScenarioName } from '../../k6/lib/scenarios.js' */
/** @import { Machine } from '../measuring/machine.mjs' */
/** @import { Result } from './k6-runs.mjs' */
/** @typedef {Result & { command: string, machine: Machine, runs: Result[] }} Series  the last run, and all of them */

/** @type {(scenario: ScenarioName, runs: Result[], machine: Machine, isFresh: boolean) => void} */
export function saveSeries(scenario, runs, machine, isFresh) {
  const series = { ...runs.at(-1), command: commandOf(scenario, runs.length, isFresh), machine, runs };
  writeFileSync(resultFiles(scenario).json, `${JSON.stringify(series, null, 2)}\n`);
}

/** @type {(scenario: ScenarioName, runs: Result[]) => string} */
export function describeSeries(scenario, runs) {
  const rate = spreadOf(runs, ({ requestsPerSecond }) => requestsPerSecond, 0);
  const lines = [
    `${scenario}, ${runs.length} runs, mean ± deviation: ${runs.filter(({ passed }) => passed).length} passed`,
    `  ${'requests/s'.padEnd(30)} ${rate}`,
    `  ${'not sent in time'.padEnd(30)} ${sum(runs.map(({ droppedIterations }) => droppedIterations))}`,
  ];
  for (const { label, p50, p95, p99 } of mainRows(runs)) {
    lines.push(`  ${label.padEnd(30)} p50 ${p50}, p95 ${p95}, p99 ${p99} ms`);
  }
  const pool = poolOver(runs);
  if (pool) {
    const { active, idle, peak, waiting, limit } = pool;
    lines.push(
      `  ${'connections to MySQL'.padEnd(30)} ${active} in use, ${idle} idle, peak ${peak} of ${limit}, waiting ${waiting} at most`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The times that stand for the scenario, over all runs, in milliseconds. @param {Result[]} runs */
export function mainRows(runs) {
  const main = runs.at(-1)?.answers.filter(({ isMain }) => isMain) ?? [];
  return main.map(({ label }) => {
    const rows = runs.map(({ answers }) => answers.find((row) => row.label === label));
    return {
      label,
      p50: spreadOf(rows, (row) => row?.med ?? Number.NaN, 1),
      p95: spreadOf(rows, (row) => row?.p95 ?? Number.NaN, 1),
      p99: spreadOf(rows, (row) => row?.p99 ?? Number.NaN, 1),
    };
  });
}

/** The connections of the app in these runs, or null where it did not tell. @param {Result[]} runs */
export function poolOver(runs) {
  const pools = runs.map(({ pool }) => pool).filter((pool) => pool !== null && pool !== undefined);
  if (pools.length === 0) return null;
  return {
    active: spreadOf(pools, ({ meanActive }) => meanActive, 1),
    idle: spreadOf(pools, ({ meanIdle }) => meanIdle, 1),
    peak: Math.max(...pools.map(({ peak }) => peak)),
    waiting: Math.max(...pools.map(({ mostWaiting }) => mostWaiting)),
    limit: Math.max(...pools.map(({ limit }) => limit)),
  };
}

/** With the options that were given. @type {(scenario: ScenarioName, runs: number, isFresh: boolean) => string} */
function commandOf(scenario, runs, isFresh) {
  const given = Object.keys(SCENARIOS[scenario].options).filter((option) => process.env[option]);
  const variables = given.map((option) => `${option}=${process.env[option]} `).join('');
  return `${variables}npm run load -- ${scenario}${runs > 1 ? ` --runs ${runs}` : ''}${isFresh ? ' --fresh' : ''}`;
}
