/** One run of k6 after the other, and what each leaves in k6/results. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { projectDir } from '../services/project.mjs';
import { readOptions } from '../../k6/lib/scenarios.js';
import { freePort } from '../services/free-port.mjs';
import { reportWithVerdict } from './html-report.mjs';
import { tellProgress } from './progress.mjs';

/** @import { ChildProcess } from 'node:child_process' */
/** @import { Readable } from 'node:stream' */
/** @import { JudgedRule } from '../../k6/lib/judged-rules.js' */
/** @import { ScenarioName } from '../../k6/lib/scenarios.js' */
/** @import { K6 } from './k6-program.mjs' */
/** @import { PoolUse } from './pool-watch.mjs' */

export const RESULTS_DIR = resolve(process.env['RESULTS_DIR'] || join(projectDir, 'k6', 'results'));

const SHOWN_FAILURES = 5;
/** k6 writes no report with fewer than a few points. */
const CHART_POINTS = 60;
const SHORTEST_PERIOD_MS = 1_000;
/** About, for scenarios that end with their last request. */
const REQUESTS_PER_SECOND = 5000;

/** @typedef {{ label: string, count: number, isMain?: true, med?: number, p95?: number, p99?: number, max?: number }} Answer */
/**
 * What handleSummary of k6/lib/summary.ts writes, as far as the runner needs it, and the `pool` that the runner adds.
 * @typedef {{ scenario: ScenarioName, passed: boolean, finishedAt: string, options: Record<string, number>,
 *   seconds: number, requestsPerSecond: number, droppedIterations: number, failed: number, drainSeconds: number | null,
 *   pool?: PoolUse | null, answers: Answer[], rules?: JudgedRule[] }} Result
 */

export class K6Runs {
  /** @type {ChildProcess | undefined} */
  #running;
  #isEnding = false;

  /** Nothing more is to be run. */
  get isEnding() {
    return this.#isEnding;
  }

  /** Asks k6 to finish in order, with the audit and the summary; a second time ends it at once. */
  end() {
    this.#running?.kill(this.#isEnding ? 'SIGKILL' : 'SIGINT');
    this.#isEnding = true;
  }

  /** Has passed only when k6 says so too. @type {(k6: K6, scenario: ScenarioName, url: string) => Promise<Result>} */
  async run(k6, scenario, url) {
    const files = resultFiles(scenario);
    mkdirSync(RESULTS_DIR, { recursive: true });
    for (const file of Object.values(files)) rmSync(file, { force: true });
    const isSeen = process.stdout.isTTY;
    // Its own HTTP server is where nobody else's is, so that two runs on one machine do not meet.
    const address = isSeen ? '' : `127.0.0.1:${await freePort()}`;
    const quiet = isSeen ? [] : ['--quiet'];
    const child = spawn(k6.path, ['run', '--address', address, ...quiet, join('k6', `${scenario}.ts`)], {
      cwd: projectDir,
      // Ctrl-C reaches us alone, and we end k6 once and in order.
      detached: true,
      stdio: ['ignore', 'inherit', 'pipe'],
      env: { ...process.env, ...settings(scenario, files.html), BASE_URL: url },
    });
    this.#running = child;
    passOn(child.stderr);
    const endProgress = isSeen ? () => {} : tellProgress(address, console.log);
    /** @type {number} */
    const code = await new Promise((settle, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode) => settle(exitCode ?? 1));
    }).finally(endProgress);
    this.#running = undefined;
    if (!existsSync(files.json)) throw new Error(`${scenario}: k6 ended without a result (code ${code})`);
    /** @type {Result} */
    const written = JSON.parse(readFileSync(files.json, 'utf8'));
    const result = { ...written, passed: written.passed && code === 0 };
    const charts = existsSync(files.html) ? readFileSync(files.html, 'utf8') : null;
    writeFileSync(files.html, reportWithVerdict(charts, result));
    return result;
  }
}

/** k6 warns of each request without an answer; the first few say it all. Charts it does not make nobody misses. @param {Readable} messages */
function passOn(messages) {
  let failures = 0;
  createInterface(messages).on('line', (line) => {
    if (line.includes('Request Failed') && ++failures > SHOWN_FAILURES) return;
    if (line.includes('report generation was skipped')) return;
    console.error(line);
  });
}

/** @param {ScenarioName} scenario */
export function resultFiles(scenario) {
  return { json: join(RESULTS_DIR, `${scenario}.json`), html: join(RESULTS_DIR, `${scenario}.html`) };
}

/** @param {ScenarioName} scenario @param {string} report */
function settings(scenario, report) {
  /** @type {Record<string, number>} */
  const {
    USERS = 0,
    ASKS = 1,
    DURATION: seconds = (USERS * ASKS) / REQUESTS_PER_SECOND,
  } = readOptions(scenario, process.env);
  const periodMs = Math.max(SHORTEST_PERIOD_MS, Math.floor((seconds * 1000) / CHART_POINTS));
  return {
    RESULTS_DIR,
    K6_WEB_DASHBOARD: 'true',
    K6_WEB_DASHBOARD_EXPORT: report,
    K6_WEB_DASHBOARD_PORT: '-1',
    K6_WEB_DASHBOARD_PERIOD: `${periodMs}ms`,
    // k6 shares the processors with what it measures: a fifth less of them for k6, paid with memory.
    GOGC: process.env['GOGC'] || '400',
    GOMEMLIMIT: process.env['GOMEMLIMIT'] || String(Math.floor(totalmem() / 4)),
    K6_NO_USAGE_REPORT: 'true',
    // Else k6 looks in the network for what a script may need beside k6.
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
  };
}
