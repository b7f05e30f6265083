/** npm run load:table: the results in k6/results as a table in docs/performance.md, between its two marks. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCENARIOS } from '../k6/lib/scenarios.js';
import { resultFiles } from './load/k6-runs.mjs';
import { mainRows, poolOver } from './load/series.mjs';
import { spread, spreadOf, sum } from './measuring/statistics.mjs';
import { projectDir } from './services/project.mjs';

/** @import { Series } from './load/series.mjs' */

const PAGE = join(projectDir, 'docs', 'performance.md');
const START = '<!-- load-table: written by npm run load:table -->';
const END = '<!-- load-table: end -->';

const series = /** @type {Array<keyof typeof SCENARIOS>} */ (Object.keys(SCENARIOS))
  .map((scenario) => resultFiles(scenario).json)
  .filter((file) => existsSync(file))
  .map((file) => /** @type {Series} */ (JSON.parse(readFileSync(file, 'utf8'))))
  // k6 alone leaves a run without its machine.
  .filter(({ runs }) => runs?.length > 0);
const page = readFileSync(PAGE, 'utf8');
const [from, to] = [page.indexOf(START), page.indexOf(END)];

if (series.length === 0) {
  console.error('There are no results yet: npm run load -- all --runs 3');
  process.exitCode = 1;
} else if (from < 0 || to < from) {
  console.error(`docs/performance.md needs two lines between which the table goes:\n${START}\n${END}`);
  process.exitCode = 1;
} else {
  writeFileSync(PAGE, `${page.slice(0, from)}${START}\n${table()}\n${page.slice(to)}`);
  console.log(`docs/performance.md has the results of ${series.map(({ scenario }) => scenario).join(', ')}`);
}

function table() {
  const notes = new Map();
  for (const { scenario, machine, finishedAt } of series) {
    const { hardware, system, versions, poolSize, revision } = machine;
    const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    const note = `${hardware}, ${system}, ${programs.join(', ')}, pool size ${poolSize}, commit ${revision}, ${finishedAt.slice(0, 10)}`;
    notes.set(note, [...(notes.get(note) ?? []), scenario]);
  }
  return [
    ...[...notes].map(([note, scenarios]) => `${notes.size === 1 ? '' : `${scenarios.join(', ')}: `}${note}.\n`),
    '| scenario | passed | requests/s | p50 ms | p95 ms | p99 ms | failed | dropped | rows after | command |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...series.flatMap((each) => lines(each)),
    '',
    '| connections to MySQL | in use | idle | peak | waiting, at most | limit |',
    '|---|---|---|---|---|---|',
    ...series.flatMap(({ scenario, runs }) => {
      const pool = poolOver(runs);
      return pool ? [`| ${[scenario, pool.active, pool.idle, pool.peak, pool.waiting, pool.limit].join(' | ')} |`] : [];
    }),
  ].join('\n');
}

/** One line for each time that stands for the scenario. @param {Series} series */
function lines({ scenario, runs, command }) {
  const passed = `${runs.filter((run) => run.passed).length} of ${runs.length}`;
  const rate = spreadOf(runs, ({ requestsPerSecond }) => requestsPerSecond, 0);
  const failed = sum(runs.map((run) => run.failed));
  const dropped = sum(runs.map(({ droppedIterations }) => droppedIterations));
  const drains = runs.map(({ drainSeconds }) => drainSeconds).filter((seconds) => seconds !== null);
  const rows = drains.length === 0 ? '' : `${spread(drains, 2)} s`;
  return mainRows(runs).map(({ label, p50, p95, p99 }, at) => {
    const name = label === 'all answers' ? scenario : `${scenario}: ${label.replace(': all answers', '')}`;
    const whole = at === 0 ? [failed, dropped, rows, `\`${command}\``] : ['', '', '', ''];
    return `| ${[name, at === 0 ? passed : '', at === 0 ? rate : '', p50, p95, p99, ...whole].join(' | ')} |`;
  });
}
