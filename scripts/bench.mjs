/**
 * npm run bench [-- case ...] [--rounds 3] [--seconds 5] [--connections 64] [--with NAME=value] [--against directory]
 *               [--any-core]
 *
 * How far the app is from what this machine can do: rounds of every case, one after the other in turn, against one app
 * process with a Redis and a MySQL of its own. --with starts a second app with that environment variable, --against one
 * from another checkout that is built, such as the version before; every case then runs at each. --any-core does not
 * keep app and generator on cores of their own.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { App, MAIN } from './bench/app.mjs';
import { CASES } from './bench/cases.mjs';
import { placement, useAnyCore } from './bench/cores.mjs';
import { findGenerator } from './bench/generator.mjs';
import { measure } from './bench/measure.mjs';
import { comparisons, table, verdicts } from './bench/report.mjs';
import { IDENTITY } from './bench/tokens.mjs';
import { coreSpeed, describeMachine } from './measuring/machine.mjs';
import { ensureBuilt } from './services/build.mjs';
import { errorMessage } from './services/messages.mjs';
import { loadTestProfile } from './services/profile.mjs';
import { projectDir } from './services/project.mjs';
import { provision } from './services/provision.mjs';
import { givenServer } from './services/service-kinds.mjs';
import { beginRun, runAndThrowAway } from './services/test-run.mjs';

/** @import { Case } from './bench/cases.mjs' */
/** @import { Series } from './bench/report.mjs' */

const WARM_UP_SECONDS = 2;

const profile = loadTestProfile();

await runAndThrowAway(profile, run);

async function run() {
  try {
    await bench(options());
    return 0;
  } catch (error) {
    console.error(errorMessage(error));
    return 1;
  }
}

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      connections: { type: 'string', default: '64' },
      with: { type: 'string' },
      against: { type: 'string' },
      'any-core': { type: 'boolean', default: false },
    },
  });
  if (values['any-core']) useAnyCore();
  const unknown = positionals.filter((word) => !CASES.some(({ name }) => name === word));
  if (unknown.length > 0) {
    const known = CASES.map(({ name, what }) => `  ${name.padEnd(17)} ${what}`).join('\n');
    throw new Error(`There is no case ${unknown.join(', ')}. There are:\n${known}`);
  }
  const variant = values.with?.match(/^(\w+)=(.*)$/);
  if (values.with !== undefined && !variant)
    throw new Error('--with must be NAME=value, such as METRICS_ENABLED=false');
  const other = values.against === undefined ? undefined : resolve(process.env['INIT_CWD'] ?? '', values.against);
  if (other && !existsSync(join(other, MAIN))) throw new Error(`--against ${other}: there is no ${MAIN}; build it`);
  const given = givenServer();
  if (given) throw new Error(`The benchmark fills servers of its own with millions of rows; unset ${given}`);
  return {
    cases: CASES.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    rounds: positive('--rounds', values.rounds),
    seconds: positive('--seconds', values.seconds),
    connections: positive('--connections', values.connections),
    other,
    variant: variant ? { name: variant[0], env: { [String(variant[1])]: variant[2] } } : undefined,
  };
}

/** @param {string} option @param {string} text */
function positive(option, text) {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= 1_000) return value;
  throw new Error(`${option} must be a whole number from 1 to 1000, not "${text}"`);
}

/** @param {ReturnType<typeof options>} options */
async function bench({ cases, rounds, seconds, connections, variant, other }) {
  await beginRun(profile);
  await ensureBuilt(console.error);
  const generator = await findGenerator(console.error);
  const services = await provision(profile, console.error);
  const { redis, mysql } = services;
  const environment = { REDIS_URL: redis.url, DATABASE_URL: mysql.url, LOAD_TEST_SEED_AT_START: 'true' };
  const apps = [await App.start('as it is', environment)];
  // Beside the first, so that what tokens cost is seen within one round.
  const asking = cases.some(({ asksUsers }) => asksUsers)
    ? [await App.start('asks users', { ...environment, ...IDENTITY })]
    : [];
  const appsOf = (/** @type {Case} */ { asksUsers }) => (asksUsers ? asking : apps);
  if (variant) apps.push(await App.start(variant.name, { ...environment, ...variant.env }));
  if (other) apps.push(await App.start(basename(other), environment, other));

  /** @type {Series[]} */
  const all = cases.flatMap((each) => {
    const { name, what } = each;
    return appsOf(each).map((app) => ({ name, what, app: app.name, rounds: [] }));
  });
  /** @type {number[]} */
  const coreSpeeds = [];
  for (let round = 0; round <= rounds; round += 1) {
    console.error(round === 0 ? 'Warming up' : `Round ${round} of ${rounds}`);
    coreSpeeds.push(coreSpeed());
    for (const each of cases) {
      // The second of two is often the slower one, whichever that is: they take turns at being it.
      for (const app of round % 2 === 0 ? appsOf(each) : appsOf(each).toReversed()) {
        const place = {
          app,
          databaseUrl: mysql.url,
          redisPid: redis.pid,
          dir: profile.dir,
          seconds: round === 0 ? WARM_UP_SECONDS : seconds,
        };
        const pids = { app: app.child.pid ?? null, redis: redis.pid, mysql: mysql.pid };
        const measured = await measure(each, place, { generator, connections, pids, say: console.error });
        if (round > 0) all.find(({ name, app: at }) => name === each.name && at === app.name)?.rounds.push(measured);
      }
    }
  }

  const [first] = apps;
  const machine = await describeMachine({ [generator.name]: generator.version }, services);
  const method = {
    placement: placement(),
    p95Is: generator.p95Is,
    connections,
    seconds,
    rounds,
    hashedMegabytesPerSecond: coreSpeeds,
  };
  console.log(`\n${JSON.stringify({ ...machine, ...method }, null, 1)}\n`);
  console.log(`${table(all, generator)}\n`);
  const own = all.filter(({ app }) => app === first?.name || asking.some(({ name }) => name === app));
  for (const line of [...verdicts(own), ...comparisons(all)]) console.log(line);
  console.log(`\nAll of it: ${save({ machine, method, series: all })}`);
  await Promise.all([...apps, ...asking].map((app) => app.end()));
}

/** @param {object} result */
function save(result) {
  const at = new Date().toISOString();
  const file = join(projectDir, 'bench', 'results', `${at.slice(0, 19).replaceAll(':', '-')}.json`);
  mkdirSync(join(projectDir, 'bench', 'results'), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ at, ...result }, null, 2)}\n`);
  return file;
}
