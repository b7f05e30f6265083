/**
 * npm run fuzz [-- options]: requests that are almost right, by the thousand, of which none may make the app answer 5xx, hang, say
 * what no client can read, or write something when it refuses. `npm run fuzz -- --help` says what the options are.
 */
import { readArguments, USAGE } from './fuzz/arguments.mjs';
import { AppLog } from './fuzz/app-log.mjs';
import { learnCalls } from './fuzz/calls.mjs';
import { Fuzzer } from './fuzz/fuzzer.mjs';
import { bytesOf } from './fuzz/request.mjs';
import { Stored } from './fuzz/stored.mjs';
import { Target } from './load/target.mjs';
import { importBuilt } from './services/app-config.mjs';
import { isLive } from './services/app-process.mjs';
import { ensureBuilt } from './services/build.mjs';
import { whenAskedToEnd } from './services/ending.mjs';
import { errorMessage } from './services/messages.mjs';

/** @import { Case } from './fuzz/fuzzer.mjs' */

/** A request that never ends is given up soon, so that waiting for it takes no hours. */
const OWN_APP = {
  HTTP_HEADERS_TIMEOUT_MS: '1000',
  HTTP_REQUEST_TIMEOUT_MS: '2000',
  HTTP_TIMEOUT_CHECK_INTERVAL_MS: '500',
  LOG_FORMAT: 'json',
  LOG_LEVEL: 'warn',
};
const OWN_BOUND_MS = 15_000;
/** An app as it comes waits 30 s for the rest of a request, and looks every 5 s. */
const USUAL_BOUND_MS = 45_000;

const target = new Target(console.log);
whenAskedToEnd((exitCode) => void target.stop().finally(() => process.exit(exitCode)));

try {
  const wanted = readArguments(process.argv.slice(2));
  if (wanted === undefined) console.log(USAGE);
  else process.exitCode = await fuzz(wanted);
} catch (error) {
  console.error(errorMessage(error));
  process.exitCode = 1;
} finally {
  await target.stop();
}

/** Resolves with the exit code. @param {{ seed: number, requests: number }} wanted */
async function fuzz({ seed, requests }) {
  const isOwn = !process.env['BASE_URL'];
  if (isOwn) Object.assign(process.env, OWN_APP);
  await ensureBuilt(console.log);
  const app = await target.choose(isOwn);
  const stored = isOwn && app.services !== null ? await Stored.open(app.services) : null;
  const log = app.log === null ? null : new AppLog(app.log);
  /** @type {typeof import('../src/operations/problems/error-status.js')} */
  const { ERROR_STATUS } = await importBuilt('operations/problems/error-status.js');
  const fuzzer = new Fuzzer({
    url: app.url,
    adminToken: process.env['ADMIN_TOKEN'] || 'local-admin',
    codes: ERROR_STATUS,
    calls: await learn(app.url),
    seed,
    requests,
    boundMs: isOwn ? OWN_BOUND_MS : USUAL_BOUND_MS,
    stored,
    complaints: () => log?.faults() ?? [],
    say: console.log,
  });
  try {
    const violation = await fuzzer.run();
    if (violation === undefined && (await isLive(app.url))) {
      console.log(`No rule was broken (seed ${seed})`);
      return 0;
    }
    const { what, culprit } = violation ?? { what: 'the app does not live any more', culprit: undefined };
    console.error(`\nA rule is broken (seed ${seed}): ${what}`);
    if (culprit !== undefined) {
      console.error(`Request ${culprit.number}: ${culprit.call.method} /${culprit.call.segments.join('/')}`);
      tell(fuzzer, await fuzzer.shrink(culprit), app.url);
    }
    return 1;
  } finally {
    await stored?.close();
  }
}

/** @param {string} url */
async function learn(url) {
  const response = await fetch(`${url}/docs-json`);
  if (!response.ok) throw new Error(`${url}/docs-json answered ${response.status}, and says nothing of the calls`);
  return learnCalls(JSON.parse(await response.text()));
}

/** @type {(fuzzer: Fuzzer, smallest: Case, url: string) => void} */
function tell(fuzzer, smallest, url) {
  const draft = fuzzer.draftOf(smallest);
  const bytes = bytesOf(draft);
  console.error(`By ${smallest.steps.map(({ name }) => name).join(', ') || 'nothing but its example'}:`);
  console.error(JSON.stringify(bytes.toString('latin1').slice(0, 4_000)));
  const { hostname, port } = new URL(url);
  const { copies, cutAt } = draft;
  if (copies > 1 || cutAt !== undefined)
    console.error(`Sent ${copies} times${cutAt === undefined ? '' : `, up to ${Math.round(cutAt * 100)}%`}`);
  if (bytes.length < 4_000) console.error(`echo ${bytes.toString('base64')} | base64 -d | nc ${hostname} ${port}`);
}
