/** What makes the load: wrk where there is one, else autocannon. */
import autocannon from 'autocannon';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOrInstall } from '../services/apt.mjs';
import { findBinary } from '../services/binaries.mjs';
import { errorMessage } from '../services/messages.mjs';
import { projectDir } from '../services/project.mjs';
import { onCore } from './cores.mjs';

const run = promisify(execFile);

/** @import { Say } from '../services/messages.mjs' */

/**
 * Requests of one kind. With `first`, each %d in the body is a number of its own, counted up from there. With `list`,
 * each line of that file gives the value of a %s in the path and of one in the body. `token` goes into the header
 * Authorization of all, of the lines of the file `tokens` each into that of one.
 * @typedef {{ method: 'GET' | 'POST', path: string, body?: string, first?: number, list?: string, token?: string,
 *   tokens?: string }} Load
 */

/**
 * What came of it. `refused`: answers that are no 2xx; `broken`: none at all. Latencies in ms; see `p95Is`.
 * @typedef {Record<'requests' | 'seconds' | 'refused' | 'broken' | 'p50' | 'p95' | 'p99', number>} Outcome
 * @typedef {(url: string, load: Load, seconds: number, connections: number) => Promise<Outcome>} Run
 */

/**
 * `p95Is`: what it measures as `p95`; autocannon has no 95th percentile, but a stricter one.
 * @typedef {{ name: string, version: string, p95Is: 'p95' | 'p97.5', run: Run }} Generator
 */

/** wrk where there is one or can be installed, else autocannon. @type {(say: Say) => Promise<Generator>} */
export async function findGenerator(say) {
  const wrk = await findWrk(say);
  if (wrk) return { name: 'wrk', version: await wrkVersion(wrk), p95Is: 'p95', run: (...args) => runWrk(wrk, ...args) };
  say('There is no wrk: autocannon makes the load, and takes more of a core for it');
  return { name: 'autocannon', version: autocannonVersion(), p95Is: 'p97.5', run: runAutocannon };
}

/** @param {Say} say */
async function findWrk(say) {
  try {
    return await findOrInstall(() => findBinary('wrk'), ['wrk'], say);
  } catch (error) {
    // A machine without network may have apt-get, which fails: that is no reason not to measure.
    say(errorMessage(error));
    return null;
  }
}

function autocannonVersion() {
  const file = join(projectDir, 'node_modules', 'autocannon', 'package.json');
  return String(JSON.parse(readFileSync(file, 'utf8')).version);
}

/** @param {string} wrk */
async function wrkVersion(wrk) {
  // It prints its version with its usage, and ends with 1.
  const usage = await run(wrk, ['--version']).catch((/** @type {{ stdout?: string }} */ error) => error);
  return /wrk\s+\D*([\d.]+)/.exec(usage.stdout ?? '')?.[1] ?? '';
}

/** @type {(wrk: string, ...how: Parameters<Run>) => Promise<Outcome>} */
async function runWrk(wrk, url, { method, path, body, first, list, token, tokens }, seconds, connections) {
  const script = join(projectDir, 'scripts', 'bench', 'request.lua');
  const { command, args } = onCore(1, wrk, [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--latency',
    '-s',
    script,
    url,
  ]);
  const { stdout } = await run(command, args, {
    env: {
      ...process.env,
      BENCH_METHOD: method,
      BENCH_PATH: path,
      BENCH_BODY: body,
      BENCH_FIRST: first?.toString(),
      BENCH_LIST: list,
      BENCH_TOKEN: token,
      BENCH_TOKENS: tokens,
    },
  });
  const line = stdout.split('\n').find((each) => each.startsWith('{'));
  if (!line) throw new Error(`wrk printed no result:\n${stdout}`);
  return JSON.parse(line);
}

/** @type {Run} */
async function runAutocannon(url, load, seconds, connections) {
  const { method, path, body, first = 1, list, token, tokens } = load;
  const lines = linesOf(list);
  const tokenLines = linesOf(tokens);
  let number = first;
  /** @param {autocannon.Request} request */
  const setupRequest = (request) => {
    const [inPath = '', inBody = ''] = lines[Math.min(number, lines.length) - 1]?.split(' ') ?? [];
    const ofRequest = token ?? tokenLines[Math.min(number - first, tokenLines.length - 1)];
    number += 1;
    return {
      ...request,
      ...(ofRequest !== undefined && { headers: { ...request.headers, authorization: `Bearer ${ofRequest}` } }),
      path: path.replace('%s', inPath),
      body: body?.replace('%d', String(number)).replace('%s', inBody),
    };
  };
  const headers = { 'content-type': 'application/json' };
  const { requests, latency, duration, non2xx, errors, timeouts } = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: [{ method, path, headers, ...(body === undefined ? {} : { setupRequest }) }],
  });
  const { p50, p97_5: p95, p99 } = latency;
  return { requests: requests.total, seconds: duration, refused: non2xx, broken: errors + timeouts, p50, p95, p99 };
}

/** @param {string | undefined} file */
function linesOf(file) {
  return file === undefined ? [] : readFileSync(file, 'utf8').trim().split('\n');
}
