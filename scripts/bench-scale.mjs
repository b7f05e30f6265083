/**
 * npm run bench:scale [-- --instances 3] [--rounds 3] [--seconds 5] [--connections 64]
 *
 * Reserves at one, two, three … app processes over the same Redis and MySQL, until every reservation is a committed row:
 * what one instance more costs in CPU per request, and how much memory each has. Where there are fewer cores than
 * processes, requests/s cannot rise with the instances; the CPU that a request takes says whether they would.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { App } from './bench/app.mjs';
import { useAnyCore } from './bench/cores.mjs';
import { cpuSeconds } from './bench/cpu.mjs';
import { findGenerator } from './bench/generator.mjs';
import { describeMachine } from './measuring/machine.mjs';
import { spreadOf, sum } from './measuring/statistics.mjs';
import { ensureBuilt } from './services/build.mjs';
import { errorMessage } from './services/messages.mjs';
import { loadTestProfile } from './services/profile.mjs';
import { provision } from './services/provision.mjs';
import { beginRun, runAndThrowAway } from './services/test-run.mjs';

/** @import { Generator } from './bench/generator.mjs' */
/** CPU in µs for each request. @typedef {{ perSecond: number, cpu: Record<'app' | 'redis' | 'mysql', number> }} Round */
/** @typedef {{ generator: Generator, connections: number, seconds: number, redisPid: number, mysqlPid: number }} How */

const WARM_UP_SECONDS = 2;
const USERS_OF_AN_INSTANCE = 10_000_000;
let nextUser = 1_000_000_000;

const profile = loadTestProfile();

await runAndThrowAway(profile, async () => {
  try {
    await benchScale();
    return 0;
  } catch (error) {
    console.error(errorMessage(error));
    return 1;
  }
});

async function benchScale() {
  const { values } = parseArgs({
    options: {
      instances: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      connections: { type: 'string', default: '64' },
    },
  });
  useAnyCore();
  await beginRun(profile);
  await ensureBuilt(console.error);
  const generator = await findGenerator(console.error);
  const services = await provision(profile, console.error);
  const { redis, mysql } = services;
  const environment = { REDIS_URL: redis.url, DATABASE_URL: mysql.url };
  const how = {
    generator,
    connections: Number(values.connections),
    seconds: Number(values.seconds),
    redisPid: Number(redis.pid),
    mysqlPid: Number(mysql.pid),
  };
  /** @type {App[]} */
  const apps = [];
  console.log(JSON.stringify(await describeMachine({ [generator.name]: generator.version }, services), null, 1));
  console.log('\n| instances | requests/s | CPU µs: app · Redis · MySQL | MB of each |\n| --- | --- | --- | --- |');
  for (let count = 1; count <= Number(values.instances); count += 1) {
    apps.push(await App.start(`instance ${count}`, { ...environment, LOAD_TEST_SEED_AT_START: String(count === 1) }));
    await measure(apps, { ...how, seconds: WARM_UP_SECONDS });
    /** @type {Round[]} */
    const rounds = [];
    while (rounds.length < Number(values.rounds)) rounds.push(await measure(apps, how));
    const costs = /** @type {const} */ (['app', 'redis', 'mysql']).map((of) =>
      spreadOf(rounds, (each) => each.cpu[of], 0),
    );
    const memory = apps.map(({ child }) => residentMegabytes(Number(child.pid)).toFixed(0)).join(', ');
    console.log(
      `| ${count} | ${spreadOf(rounds, ({ perSecond }) => perSecond, 0)} | ${costs.join(' · ')} | ${memory} |`,
    );
  }
  await Promise.all(apps.map((app) => app.end()));
}

/** One coupon, reserved at all of them at once. @type {(apps: App[], how: How) => Promise<Round>} */
async function measure(apps, { generator, connections, seconds, redisPid, mysqlPid }) {
  const [first] = apps;
  if (!first) throw new Error('--instances must be 1 at least');
  const couponId = await first.createCoupon();
  const appPids = apps.map(({ child }) => Number(child.pid));
  const used = () => ({ app: sum(appPids.map(cpu)), redis: cpu(redisPid), mysql: cpu(mysqlPid) });
  const before = used();
  const startedAt = performance.now();
  const outcomes = await Promise.all(
    apps.map(({ url }) => {
      nextUser += USERS_OF_AN_INSTANCE;
      const path = `/api/coupons/${couponId}/reserve`;
      const load = { method: /** @type {const} */ ('POST'), path, body: '{"userId":%d}', first: nextUser };
      return generator.run(url, load, seconds, Math.ceil(connections / apps.length));
    }),
  );
  const requests = sum(outcomes.map((outcome) => outcome.requests));
  const failed = sum(outcomes.map(({ refused, broken }) => refused + broken));
  const rows = await first.allCommitted(couponId);
  const took = (performance.now() - startedAt) / 1000;
  if (failed > 0 || rows < requests) throw new Error(`${requests} asked, ${failed} were refused, ${rows} have a row`);
  const after = used();
  const each = (/** @type {keyof typeof before} */ of) => ((after[of] - before[of]) * 1e6) / requests;
  return { perSecond: requests / took, cpu: { app: each('app'), redis: each('redis'), mysql: each('mysql') } };
}

/** @param {number} pid */
function cpu(pid) {
  return cpuSeconds(pid) ?? Number.NaN;
}

/** What of a process is in memory, from /proc: unknown on other systems. @param {number} pid */
function residentMegabytes(pid) {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
